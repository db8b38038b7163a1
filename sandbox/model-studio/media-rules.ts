/** Which media a field takes: form of the address, file formats, bytes, sides and seconds. */
import { refusal } from './refusal.js';

export interface PictureLimit {
  formats: readonly string[];
  /** Pixels of each side; undefined where the pages only advise. */
  side?: readonly [minimum: number, maximum: number];
  maxBytes: number;
  transparencyAllowed: boolean;
}

export interface DurationLimit {
  formats: readonly string[];
  seconds: readonly [minimum: number, maximum: number];
  maxBytes: number;
}

export interface DocumentLimit {
  /** Of the file's name. */
  endings: readonly string[];
  maxBytes: number;
}

export interface MediaRule {
  dataUrl: boolean;
  document?: DocumentLimit;
  /** A page of the web, which the sandbox does not open. */
  page?: true;
  picture?: PictureLimit;
  video?: DurationLimit;
  audio?: DurationLimit;
}

const megabyte = 1024 * 1024;

/** A data: item is counted as text, so files over about 7 MB must come as URLs. */
const maxDataUrlCharacters = 10_485_760;

const opaque = {
  formats: ['jpeg', 'png', 'bmp', 'webp'],
  maxBytes: 10 * megabyte,
  transparencyAllowed: false,
};
const large: PictureLimit = { ...opaque, side: [240, 8000], maxBytes: 20 * megabyte };
const referenceClip: DurationLimit = { formats: ['mp4', 'mov'], seconds: [1, 30], maxBytes: 100 * megabyte };
const embeddedPicture: PictureLimit = {
  formats: ['jpeg', 'png', 'bmp', 'webp', 'gif'],
  maxBytes: 10 * megabyte,
  transparencyAllowed: true,
};
const embeddedVideo: DurationLimit = { formats: ['mp4', 'mov'], seconds: [0, 600], maxBytes: 50 * megabyte };

/** By use, from the API pages; where pages of different age disagree the newer one counts. */
export const mediaRules = {
  editPicture: {
    dataUrl: true,
    picture: {
      formats: ['jpeg', 'png', 'bmp', 'tiff', 'webp', 'gif'],
      maxBytes: 10 * megabyte,
      transparencyAllowed: true,
    },
  },
  olderFirstFrame: { dataUrl: true, picture: { ...opaque, side: [240, 8000] } },
  firstFrame: { dataUrl: true, picture: large },
  keyFrame: { dataUrl: true, picture: { ...opaque, side: [240, 8000] } },
  reference: { dataUrl: false, picture: large, video: referenceClip },
  referenceVideo: { dataUrl: false, video: referenceClip },
  soundtrack: {
    dataUrl: false,
    audio: { formats: ['wav', 'mp3'], seconds: [3, 30], maxBytes: 15 * megabyte },
  },
  chatPicture: {
    dataUrl: true,
    picture: {
      formats: ['jpeg', 'png', 'bmp', 'tiff', 'webp', 'gif'],
      side: [11, 16_384],
      maxBytes: 10 * megabyte,
      transparencyAllowed: true,
    },
  },
  chatVideo: {
    dataUrl: true,
    video: { formats: ['mp4', 'mov'], seconds: [1, 3600], maxBytes: 150 * megabyte },
  },
  chatAudio: {
    dataUrl: true,
    audio: { formats: ['wav', 'mp3'], seconds: [0, 1200], maxBytes: 100 * megabyte },
  },
  chatDocument: { dataUrl: false, document: { endings: ['pdf'], maxBytes: 150 * megabyte } },
  embeddedPicture: { dataUrl: true, picture: embeddedPicture },
  embeddedVideo: { dataUrl: false, video: embeddedVideo },
  smallEmbeddedPicture: { dataUrl: true, picture: { ...embeddedPicture, maxBytes: 3 * megabyte } },
  smallEmbeddedVideo: { dataUrl: false, video: { ...embeddedVideo, maxBytes: 10 * megabyte } },
  speech: {
    dataUrl: false,
    audio: { formats: ['wav', 'mp3'], seconds: [0, 12 * 3600], maxBytes: 2048 * megabyte },
    video: { formats: ['mp4', 'mov'], seconds: [0, 12 * 3600], maxBytes: 2048 * megabyte },
  },
} as const satisfies Record<string, MediaRule>;

/** The largest file a rule could take. */
export function maxBytesOf(rule: MediaRule): number {
  const limits = [rule.picture, rule.video, rule.audio, rule.document];
  return Math.max(...limits.map((limit) => limit?.maxBytes ?? 0));
}

/** Hosts that may be addressed over plain http: this machine. */
function isLoopback(hostname: string): boolean {
  return /^(localhost|(.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}

/** Refuses an address by its form alone; whether it can be read shows when it is fetched. */
export function checkMediaUrl(field: string, url: string, rule: MediaRule): void {
  if (/^data:/i.test(url)) {
    if (!rule.dataUrl) {
      throw refusal.invalidUrl(`${field}: the request URL is invalid, Base64 data is not supported.`);
    }
    if (!/^data:([\w.+-]+\/[\w.+-]+)?;base64,[A-Za-z0-9+/]+={0,2}$/.test(url)) {
      throw refusal.invalidParameter(`${field} must be of the form data:{mime};base64,{data}.`);
    }
    if (url.length > maxDataUrlCharacters) {
      throw refusal.tooLarge(`Exceeded limit on max bytes per data-uri item: ${maxDataUrlCharacters}`);
    }
    return;
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.username || parsed.password) {
    throw refusal.invalidUrl(`${field}: the request URL is invalid, please check that it is available.`);
  }
  if (rule.page) return;
  if (parsed.protocol === 'http:' && !isLoopback(parsed.hostname)) {
    throw refusal.invalidUrl(`${field}: the sandbox fetches plain http from this machine only.`);
  }
}
