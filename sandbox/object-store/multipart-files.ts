/** Multipart uploads under way, on disk until they are completed or aborted. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { joinChecksums } from '../checksum.js';
import type { NewObject } from './object-files.js';
import type { ReceivedBody } from './receive-body.js';
import { Refusal } from './refusal.js';

export interface MultipartUpload {
  uploadId: string;
  bucket: string;
  key: string;
  headers: Record<string, string>;
  initiatedMs: number;
}

export interface UploadedPart {
  partNumber: number;
  bytes: number;
  /** Upper-case hexadecimal MD5, without quotes. */
  etag: string;
  crc64: string;
  lastModifiedMs: number;
}

export interface MultipartFiles {
  initiate(bucket: string, key: string, headers: Record<string, string>): Promise<MultipartUpload>;
  /** Throws NoSuchUpload when the upload is over or belongs to another key. */
  find(bucket: string, key: string, uploadId: string): Promise<MultipartUpload>;
  /** Takes over a received file as a part; the same number again replaces it. */
  addPart(upload: MultipartUpload, partNumber: number, body: ReceivedBody): Promise<UploadedPart>;
  /** In order of part number. */
  parts(upload: MultipartUpload): Promise<UploadedPart[]>;
  /** Checks the list against the parts and joins them into `target`. The upload itself stays until `remove`. */
  join(upload: MultipartUpload, list: ListedPart[], target: string): Promise<NewObject>;
  remove(upload: MultipartUpload): Promise<void>;
  /** Uploads under way in a bucket, by key, then by upload id. */
  uploads(bucket: string): Promise<MultipartUpload[]>;
}

export interface ListedPart {
  partNumber: number;
  etag: string;
}

const smallestPartBytes = 100 * 1024;
const copyChunkBytes = 1024 * 1024;

export async function openMultipartFiles(directory: string): Promise<MultipartFiles> {
  const top = join(directory, '.meta', 'multipart');
  await mkdir(top, { recursive: true });
  const uploadPath = (uploadId: string, ...rest: string[]) => join(top, uploadId, ...rest);
  const parts = (upload: MultipartUpload) => readParts(uploadPath(upload.uploadId));
  return {
    parts,
    async initiate(bucket, key, headers) {
      const uploadId = randomBytes(16).toString('hex').toUpperCase();
      const upload: MultipartUpload = { uploadId, bucket, key, headers, initiatedMs: Date.now() };
      await mkdir(uploadPath(uploadId));
      await writeFile(uploadPath(uploadId, 'upload.json'), JSON.stringify(upload));
      return upload;
    },
    async find(bucket, key, uploadId) {
      const upload = await readUpload(top, uploadId);
      if (upload?.bucket === bucket && upload.key === key) return upload;
      throw new Refusal('NoSuchUpload', { fields: { UploadId: uploadId } });
    },
    addPart: (upload, partNumber, body) =>
      takePart(uploadPath(upload.uploadId, `part-${partNumber}`), upload, partNumber, body),
    async join(upload, list, target) {
      const chosen = chooseParts(await parts(upload), list);
      try {
        for (const part of chosen)
          await append(uploadPath(upload.uploadId, `part-${part.partNumber}`), target);
      } catch (error) {
        await rm(target, { force: true });
        throw error;
      }
      return describe(chosen, upload.headers);
    },
    async remove(upload) {
      await rm(uploadPath(upload.uploadId), { recursive: true, force: true });
    },
    async uploads(bucket) {
      const all = await Promise.all((await readdir(top)).map((uploadId) => readUpload(top, uploadId)));
      const found = all.filter((upload) => upload?.bucket === bucket) as MultipartUpload[];
      return found.sort((left, right) => Buffer.compare(placeOf(left), placeOf(right)));
    },
  };
}

const placeOf = ({ key, uploadId }: MultipartUpload) => Buffer.from(`${key}\0${uploadId}`);

async function readUpload(top: string, uploadId: string): Promise<MultipartUpload | undefined> {
  if (!/^[0-9A-F]{32}$/.test(uploadId)) return undefined;
  const text = await readFile(join(top, uploadId, 'upload.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as MultipartUpload);
}

async function readParts(directory: string): Promise<UploadedPart[]> {
  const names = (await readdir(directory)).filter((name) => /^part-.*\.json$/.test(name));
  const records = names.map(
    async (name) => JSON.parse(await readFile(join(directory, name), 'utf8')) as UploadedPart,
  );
  return (await Promise.all(records)).sort((left, right) => left.partNumber - right.partNumber);
}

async function takePart(
  path: string,
  { uploadId }: MultipartUpload,
  partNumber: number,
  body: ReceivedBody,
): Promise<UploadedPart> {
  const { bytes, crc64 } = body;
  const etag = body.md5.toString('hex').toUpperCase();
  const part: UploadedPart = { partNumber, bytes, etag, crc64, lastModifiedMs: Date.now() };
  try {
    await rename(body.path, path);
    await writeFile(`${path}.json`, JSON.stringify(part));
  } catch (error) {
    await rm(body.path, { force: true });
    // The upload was aborted or completed while the part came in.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Refusal('NoSuchUpload', { fields: { UploadId: uploadId } });
  }
  return part;
}

/** Order, existence, ETag and the smallest size are checked when the upload is completed, as OSS does. */
function chooseParts(present: UploadedPart[], list: ListedPart[]): UploadedPart[] {
  const byNumber = new Map(present.map((part) => [part.partNumber, part]));
  return list.map(({ partNumber, etag }, index) => {
    const previous = list[index - 1];
    if (previous && previous.partNumber >= partNumber) throw new Refusal('InvalidPartOrder');
    const part = byNumber.get(partNumber);
    if (part?.etag !== etag.toUpperCase()) {
      throw new Refusal('InvalidPart', { fields: { PartNumber: String(partNumber), ETag: etag } });
    }
    if (part.bytes < smallestPartBytes && index < list.length - 1) {
      const fields = {
        ETag: etag,
        MinSizeAllowed: String(smallestPartBytes),
        ProposedSize: String(part.bytes),
        PartNumber: String(partNumber),
      };
      throw new Refusal('EntityTooSmall', { fields });
    }
    return part;
  });
}

/** The ETag of a multipart object is not the MD5 of its bytes: it is made of the parts' and ends in their number. */
function describe(parts: UploadedPart[], headers: Record<string, string>): NewObject {
  const md5 = createHash('md5');
  for (const part of parts) md5.update(Buffer.from(part.etag, 'hex'));
  const [first, ...others] = parts as [UploadedPart, ...UploadedPart[]];
  return {
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    etag: `${md5.digest('hex').toUpperCase()}-${parts.length}`,
    crc64: others.reduce((crc64, part) => joinChecksums(crc64, part.crc64, part.bytes), first.crc64),
    type: 'Multipart',
    headers,
  };
}

async function append(source: string, target: string): Promise<void> {
  const file = await open(target, 'a');
  try {
    for await (const chunk of createReadStream(source, { highWaterMark: copyChunkBytes })) {
      await appendFile(file, chunk as Buffer);
    }
  } finally {
    await file.close();
  }
}
