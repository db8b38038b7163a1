/** Media on their way in: each object is looked at before anything is spent, then signed so that the provider can fetch it. */
import { KnownError } from '../errors.js';
import { refuse } from '../fields.js';
import { endingOf, formatOf, hasUse, type MediumKind } from '../media/kinds.js';
import { beginningBytes, lengthOf } from '../media/sound-length.js';
import type { CheckedRequest, Medium } from '../providers/provider.js';
import type { FileValue, Right } from '../storage/file-value.js';
import type { StoragePath } from '../storage/path.js';
import type { ObjectInfo, Storage } from '../storage/storage.js';

/** Role credentials live an hour at most, and a URL no longer than they; the provider fetches media when it starts a task. */
const urlLifeSeconds = 3600;

/** What the provider takes of each kind; more is refused there after the wait. */
const limits: Record<MediumKind, { mebibytes: number; what: string }> = {
  picture: { mebibytes: 10, what: 'a picture (JPEG, PNG, BMP, WEBP)' },
  video: { mebibytes: 100, what: 'a video (MP4, MOV)' },
  sound: { mebibytes: 15, what: 'a sound file (WAV, MP3)' },
  document: { mebibytes: 150, what: 'a document (PDF)' },
};

/** In a store; any other is an address that the provider reads by itself. */
export type StoredMedium = Medium & { path: StoragePath };

export function isStored(medium: Medium): medium is StoredMedium {
  return medium.path !== undefined;
}

/**
 * Proves that an object exists, may be read, lies in no archive, and is not larger than the provider takes; returns its ETag, which tells
 * what is in it. Objects without an ending are taken on trust, and so is the form of files for text models (`anyForm`), which read more
 * than the makers of pictures and videos do.
 */
export async function checkMedium(
  storage: Storage,
  medium: StoredMedium,
  right: Right,
  signal: AbortSignal,
): Promise<string> {
  const { kinds } = medium;
  const { key } = medium.path;
  const kind = hasUse(key, 'taken') ? kinds.find((name) => name === formatOf(key)?.kind) : undefined;
  if (endingOf(key) && !kind && !medium.anyForm) {
    const what = kinds.map((name) => limits[name].what).join(' or ');
    refuse(medium.field, medium.text, what, 'The ending of its name tells what an object is.');
  }
  const info: ObjectInfo = await storage.head(medium.path, right, signal);
  if (info.archived) {
    refuseObject(
      `${medium.field} is archived: ${medium.text} cannot be read`,
      'Restore it first, and call again when that is done.',
    );
  }
  const usual = (kind ? [kind] : kinds).map((name) => limits[name].mebibytes);
  const most = medium.mostMebibytes ?? Math.max(...usual);
  if (info.bytes > most * 1024 * 1024) {
    const mebibytes = (info.bytes / 1024 / 1024).toFixed(1);
    refuseObject(
      `${medium.field} is too large: ${medium.text} has ${mebibytes} MiB`,
      `The provider takes at most ${most} MiB.`,
    );
  }
  if (info.bytes === 0) {
    refuseObject(`${medium.field} is empty: ${medium.text} has no bytes`, 'Upload the file again.');
  }
  return info.etag;
}

/** Seconds, where the beginning of the file tells them. */
export async function lengthOfMedium(
  storage: Storage,
  { path }: StoredMedium,
  right: Right,
  signal: AbortSignal,
): Promise<number | undefined> {
  const facts = Promise.all([
    storage.head(path, right, signal),
    storage.beginning(path, right, beginningBytes, signal),
  ]);
  return facts.then(
    ([{ bytes }, beginning]) => lengthOf(beginning, bytes),
    (error: unknown) => {
      if (error instanceof KnownError) return undefined;
      throw error;
    },
  );
}

function refuseObject(message: string, hint: string): never {
  throw new KnownError({ kind: 'invalidParameterValue', message, hint });
}

/** Addresses from which the provider can fetch the call's media, in their order. */
export function signedMedia(
  { request, file }: { request: CheckedRequest; file: FileValue | undefined },
  storage: Storage,
  signal: AbortSignal,
): Promise<string[]> {
  const options = { expiresSeconds: urlLifeSeconds, signal };
  return Promise.all(
    request.media.map((medium) =>
      isStored(medium) ? storage.presign(medium.path, rightTo(medium, file), options) : medium.text,
    ),
  );
}

/** A medium comes with a FILE of its own, or the call's FILE gives the right to it. */
export function rightTo(medium: Medium, file: FileValue | undefined): Right {
  return medium.file?.right ?? requireRight(file?.right, medium.field);
}

/** A request that names OSS paths needs a FILE for the right to them. */
export function requireRight(right: Right | undefined, field: string): Right {
  if (right) return right;
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `the request uses ${field}, but no FILE gives access to OSS`,
    hint: "Pass to_file('oss://bucket/path/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::<account>:role/<name>') as the last argument; it is NULL when one of its own arguments is.",
  });
}
