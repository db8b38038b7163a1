/** Fetches the media of a request as the provider would, and checks what arrived. */
import { Agent, request } from 'undici';
import { pictureSize } from '../media/pictures.js';
import { readClip } from './media-duration.js';
import {
  checkMediaUrl,
  type DocumentLimit,
  type DurationLimit,
  type MediaRule,
  maxBytesOf,
  type PictureLimit,
} from './media-rules.js';
import { Refusal, refusal } from './refusal.js';
import { isTransparentPng } from './transparency.js';

export interface FetchedMedia {
  field: string;
  kind: 'picture' | 'video' | 'audio' | 'document';
  format: string;
  bytes: Buffer;
  /** Pixels; pictures only. */
  width?: number;
  height?: number;
  /** Sound and video, when their headers tell. */
  seconds?: number;
}

export interface MediaFetcher {
  fetch(use: { field: string; url: string; rule: MediaRule }, signal: AbortSignal): Promise<FetchedMedia>;
  close(): Promise<void>;
}

export interface MediaFetchOptions {
  /** Milliseconds without an answer or without a byte before a download counts as timed out. */
  timeoutMs: () => number;
  /** Host name (or `*.suffix`) → origin that really serves it; the Host header stays the original. */
  mediaHosts: Readonly<Record<string, string>>;
}

/** The origin to dial for a URL; names below `.localhost` are this machine whatever the resolver says. */
function dialOrigin(url: URL, mediaHosts: Readonly<Record<string, string>>): string {
  for (const [pattern, origin] of Object.entries(mediaHosts)) {
    const fits = pattern.startsWith('*.')
      ? url.hostname.endsWith(pattern.slice(1))
      : pattern === url.hostname || pattern === url.host;
    if (fits) return origin;
  }
  if (url.hostname.endsWith('.localhost')) return `${url.protocol}//127.0.0.1:${url.port || '80'}`;
  return url.origin;
}

function downloadRefusal(field: string, error: unknown): Refusal {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ECONNREFUSED')
    return refusal.urlConnectionRefused(`${field}: connection refused by the host.`);
  if (/TIMEOUT|ETIMEDOUT/.test(code)) {
    return refusal.urlTimeout(`${field}: download the media resource timed out.`);
  }
  if (code === 'ENOTFOUND') return refusal.invalidUrl(`${field}: the request URL is invalid.`);
  return refusal.inputDownloadFailed(
    `Failed to download the input file: ${field} (${code || 'network error'}).`,
  );
}

function decodeDataUrl(url: string): Buffer {
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
}

async function isTransparent(field: string, bytes: Buffer): Promise<boolean> {
  return isTransparentPng(bytes).catch(() => {
    throw refusal.imageFormat(`${field}: the image can not be decoded.`);
  });
}

async function checkPicture(field: string, limit: PictureLimit, bytes: Buffer): Promise<FetchedMedia> {
  const found = pictureSize(bytes);
  if (!found || !limit.formats.includes(found.format)) {
    throw refusal.imageFormat(`${field}: the image format must be one of ${limit.formats.join(', ')}.`);
  }
  if (bytes.length > limit.maxBytes) throw refusal.imageSize(`${field}: the image is larger than 10 MB.`);
  const { width, height, format } = found;
  if (limit.side && (Math.min(width, height) < limit.side[0] || Math.max(width, height) > limit.side[1])) {
    throw refusal.imageSize(`${field}: width and height must be within ${limit.side.join(' to ')} pixels.`);
  }
  if (!limit.transparencyAllowed && format === 'png' && (await isTransparent(field, bytes))) {
    throw refusal.imageFormat(`${field}: PNG with a transparency channel is not supported.`);
  }
  return { field, kind: 'picture', format, bytes, width, height };
}

function checkClip(
  field: string,
  kind: 'video' | 'audio',
  limit: DurationLimit,
  bytes: Buffer,
): FetchedMedia {
  const clip = readClip(bytes);
  if (!clip || !limit.formats.includes(clip.format)) {
    throw refusal.fileFormat(`${field}: the file format must be one of ${limit.formats.join(', ')}.`);
  }
  if (bytes.length > limit.maxBytes) throw refusal.fileSize(`${field}: the file is too large.`);
  const [minimum, maximum] = limit.seconds;
  if (clip.seconds !== undefined && (clip.seconds < minimum || clip.seconds > maximum)) {
    throw refusal.fileDuration(`${field}: the duration must be between ${minimum} and ${maximum} seconds.`);
  }
  return { field, kind, format: clip.format, bytes, seconds: clip.seconds };
}

/** What a document holds is not looked at; its name tells what it is. */
function checkDocument(
  field: string,
  { endings, maxBytes }: DocumentLimit,
  path: string,
  bytes: Buffer,
): FetchedMedia {
  const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? '';
  if (!endings.includes(ending))
    throw refusal.fileFormat(`${field}: the file format must be one of ${endings.join(', ')}.`);
  if (bytes.length === 0 || bytes.length > maxBytes)
    throw refusal.fileSize(`${field}: the file is too large.`);
  return { field, kind: 'document', format: ending, bytes };
}

/** Checks bytes against a rule; pictures are tried first because a field may take several kinds. */
async function checkMedia(field: string, rule: MediaRule, bytes: Buffer): Promise<FetchedMedia> {
  const isVideo = rule.video && ['mp4', 'mov'].includes(readClip(bytes)?.format ?? '');
  if (rule.video && (isVideo || !(rule.picture || rule.audio)))
    return checkClip(field, 'video', rule.video, bytes);
  if (rule.picture) return checkPicture(field, rule.picture, bytes);
  if (rule.audio) return checkClip(field, 'audio', rule.audio, bytes);
  throw new Error(`the rule of ${field} takes nothing`);
}

/** Opens a fetcher with connections of its own; a failed download is a Refusal. */
export function createMediaFetcher(options: MediaFetchOptions): MediaFetcher {
  const agent = new Agent({ connect: { timeout: 5000 } });

  async function download(field: string, url: URL, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
    const timeoutMs = options.timeoutMs();
    const origin = dialOrigin(url, options.mediaHosts);
    const response = await request(`${origin}${url.pathname}${url.search}`, {
      dispatcher: agent,
      headers: { host: url.host },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal,
    });
    if (response.statusCode !== 200) {
      await response.body.dump({ limit: 65_536 });
      throw refusal.inputDownloadFailed(
        `Failed to download the input file: ${field} answered HTTP ${response.statusCode}.`,
      );
    }
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response.body) {
      length += (chunk as Buffer).length;
      if (length > maxBytes) throw refusal.fileSize(`${field}: the file is larger than ${maxBytes} bytes.`);
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks);
  }

  return {
    async fetch({ field, url, rule }, signal) {
      checkMediaUrl(field, url, rule);
      if (/^data:/i.test(url)) return checkMedia(field, rule, decodeDataUrl(url));
      const parsed = new URL(url);
      if (rule.page) return { field, kind: 'document', format: 'page', bytes: Buffer.alloc(0) };
      try {
        if (rule.document) {
          const bytes = await download(field, parsed, maxBytesOf(rule), signal);
          return checkDocument(field, rule.document, decodeURIComponent(parsed.pathname), bytes);
        }
        return await checkMedia(field, rule, await download(field, parsed, maxBytesOf(rule), signal));
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof Refusal ? error : downloadRefusal(field, error);
      }
    },
    close: () => agent.destroy(),
  };
}
