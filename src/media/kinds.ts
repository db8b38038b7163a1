/**
 * Everything that the ending of a file's name tells: kind, content type, and who makes, takes or shows such files. Told only here.
 *
 * Room: src/media holds what a file is: endings, kinds and content types, told once.
 */

export type MediumKind = 'picture' | 'video' | 'sound' | 'document';

/**
 * What may be done with a file besides being read by a text model, which any of them can be:
 * - `made`: the makers of pictures and videos give such files.
 * - `taken`: they take such files as references.
 * - `shown`: a browser may be given it, because it cannot hold a script.
 */
export type MediumUse = 'made' | 'taken' | 'shown';

export interface MediumFormat {
  kind: MediumKind;
  contentType: string;
  uses: MediumUse[];
}

function picture(subtype: string, ...uses: MediumUse[]): MediumFormat {
  return { kind: 'picture', contentType: `image/${subtype}`, uses };
}

function video(subtype: string, ...uses: MediumUse[]): MediumFormat {
  return { kind: 'video', contentType: `video/${subtype}`, uses };
}

function sound(subtype: string, ...uses: MediumUse[]): MediumFormat {
  return { kind: 'sound', contentType: `audio/${subtype}`, uses };
}

const formats: Record<string, MediumFormat> = {
  png: picture('png', 'made', 'taken', 'shown'),
  jpg: picture('jpeg', 'made', 'taken', 'shown'),
  jpeg: picture('jpeg', 'made', 'taken', 'shown'),
  webp: picture('webp', 'made', 'taken', 'shown'),
  bmp: picture('bmp', 'taken', 'shown'),
  gif: picture('gif', 'taken', 'shown'),
  tif: picture('tiff', 'taken'),
  tiff: picture('tiff', 'taken'),
  heic: picture('heic', 'taken'),
  mp4: video('mp4', 'made', 'taken', 'shown'),
  mov: video('quicktime', 'made', 'taken'),
  avi: video('x-msvideo'),
  mkv: video('x-matroska'),
  webm: video('webm'),
  flv: video('x-flv'),
  wmv: video('x-ms-wmv'),
  mpeg: video('mpeg'),
  mpg: video('mpeg'),
  wav: sound('wav', 'taken'),
  mp3: sound('mpeg', 'taken'),
  m4a: sound('mp4'),
  aac: sound('aac'),
  amr: sound('amr'),
  flac: sound('flac'),
  ogg: sound('ogg'),
  opus: sound('opus'),
  wma: sound('x-ms-wma'),
  aiff: sound('aiff'),
  pdf: { kind: 'document', contentType: 'application/pdf', uses: [] },
};

/** All endings, pictures first. */
export const endings: readonly string[] = Object.keys(formats);

/** The ending of a file name, key or path of a URL, in lower case and without its dot; undefined where there is none. */
export function endingOf(name: string): string | undefined {
  return /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase();
}

/** What a name's ending tells; undefined for one that is no medium's. */
export function formatOf(name: string): MediumFormat | undefined {
  const ending = endingOf(name);
  return ending !== undefined && Object.hasOwn(formats, ending) ? formats[ending] : undefined;
}

export function hasUse(name: string, use: MediumUse): boolean {
  return formatOf(name)?.uses.includes(use) ?? false;
}

/** True for a content type that a browser may be given. */
export function isShownType(contentType: string): boolean {
  return Object.values(formats).some(
    (format) => format.contentType === contentType && format.uses.includes('shown'),
  );
}
