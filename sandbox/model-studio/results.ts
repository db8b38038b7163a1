/** Result files: drawn when first fetched, kept on disk, served through signed URLs that expire. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checksumOfFile } from '../checksum.js';
import { drawPicture } from '../media/pictures.js';
import { recordVideo } from '../media/videos.js';
import type { FaultAction } from './faults.js';

export interface ResultRequest {
  /** File name below `/results/`, e.g. `<task id>-1.png`. */
  name: string;
  width: number;
  height: number;
  /** Videos only. */
  durationSeconds?: number;
  title: string;
  prompt: string;
  /** Encoded pictures to show. */
  references: Buffer[];
  seed: number;
}

export interface ResultStore {
  /** Takes note of a result and returns its signed URL. */
  add(result: ResultRequest): Promise<string>;
  /** Answers `GET` and `HEAD /results/…` and returns the HTTP status; the fault may be one of the body. */
  serve(request: IncomingMessage, response: ServerResponse, fault?: FaultAction): Promise<number>;
}

export interface ResultStoreOptions {
  directory: string;
  origin(): string;
  lifetimeMs(): number;
}

type StoredResult = Omit<ResultRequest, 'references'> & { referenceFiles: string[] };

const accessKeyId = 'sandbox';

function range(header: string | undefined, length: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
  if (!match) return undefined;
  const start = Number(match[1]);
  const end = Math.min(match[2] ? Number(match[2]) : length - 1, length - 1);
  return start <= end ? { start, end } : undefined;
}

function sendXmlError(response: ServerResponse, status: number, code: string, message: string): number {
  const body =
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n  <Code>${code}</Code>\n` +
    `  <Message>${message}</Message>\n</Error>\n`;
  response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
  return status;
}

async function* flipped(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const chunk of body) {
    if (isFirst) chunk[0] = (chunk[0] ?? 0) ^ 1;
    isFirst = false;
    yield chunk;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Opens a store below `directory`; URLs of an earlier run are not valid any more. */
export async function openResultStore(options: ResultStoreOptions): Promise<ResultStore> {
  const references = join(options.directory, '.references');
  await mkdir(references, { recursive: true });
  const secret = randomBytes(32);
  const known = new Map<string, StoredResult>();
  const drawing = new Map<string, Promise<string>>();
  const checksums = new Map<string, string>();

  /** Query-string signature of OSS, version 1. */
  const sign = (name: string, expires: string) =>
    createHmac('sha1', secret).update(`GET\n\n\n${expires}\n/results/${name}`).digest('base64');

  async function keepReference(bytes: Buffer): Promise<string> {
    const path = join(references, createHash('sha256').update(bytes).digest('hex'));
    if (!(await exists(path))) await writeFile(path, bytes);
    return path;
  }

  async function draw(result: StoredResult): Promise<string> {
    const path = join(options.directory, result.name);
    if (await exists(path)) return path;
    const { name: _, referenceFiles, durationSeconds, ...rest } = result;
    const request = { ...rest, references: await Promise.all(referenceFiles.map((file) => readFile(file))) };
    const bytes = await (durationSeconds === undefined
      ? drawPicture(request)
      : recordVideo({ ...request, durationSeconds }));
    await writeFile(`${path}.part`, bytes);
    await rename(`${path}.part`, path);
    return path;
  }

  function drawOnce(result: StoredResult): Promise<string> {
    let path = drawing.get(result.name);
    if (!path) {
      path = draw(result).finally(() => drawing.delete(result.name));
      drawing.set(result.name, path);
    }
    return path;
  }

  function refuse(url: URL, name: string, response: ServerResponse): number | undefined {
    const expires = url.searchParams.get('Expires') ?? '';
    const given = Buffer.from(url.searchParams.get('Signature') ?? '');
    const wanted = Buffer.from(sign(name, expires));
    const valid = given.length === wanted.length && timingSafeEqual(given, wanted);
    if (!valid || url.searchParams.get('OSSAccessKeyId') !== accessKeyId) {
      return sendXmlError(response, 403, 'SignatureDoesNotMatch', 'The request signature does not match.');
    }
    if (Date.now() / 1000 > Number(expires)) {
      return sendXmlError(response, 403, 'AccessDenied', 'Request has expired.');
    }
    return undefined;
  }

  /** The host of real results is an OSS bucket, which tells the checksum of the whole object. */
  async function checksumOf(path: string): Promise<string> {
    const known = checksums.get(path);
    if (known) return known;
    const checksum = await checksumOfFile(path);
    checksums.set(path, checksum);
    return checksum;
  }

  async function sendFile(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    fault: FaultAction | undefined,
  ): Promise<number> {
    const { size, mtime } = await stat(path);
    const part = range(request.headers.range, size);
    const status = part ? 206 : 200;
    response.writeHead(status, {
      'content-type': path.endsWith('.mp4') ? 'video/mp4' : 'image/png',
      'content-length': part ? part.end - part.start + 1 : size,
      'accept-ranges': 'bytes',
      'last-modified': mtime.toUTCString(),
      'x-oss-hash-crc64ecma': await checksumOf(path),
      ...(part ? { 'content-range': `bytes ${part.start}-${part.end}/${size}` } : {}),
    });
    if (request.method === 'HEAD') {
      response.end();
      return status;
    }
    const truncateAfter = fault?.kind === 'truncate' ? fault.bytes : undefined;
    const start = part?.start ?? 0;
    const last = part?.end ?? size - 1;
    if (truncateAfter === 0) {
      response.destroy();
      return status;
    }
    const end = truncateAfter === undefined ? last : Math.min(last, start + truncateAfter - 1);
    const cut = end < last;
    const body = createReadStream(path, { start, end });
    await pipeline(fault?.kind === 'flip' ? flipped(body) : body, response, { end: !cut });
    // Give the kernel the bytes first: destroying at once would throw them away.
    if (cut) setImmediate(() => response.socket?.destroySoon());
    return status;
  }

  return {
    async add({ references: pictures, ...result }) {
      known.set(result.name, {
        ...result,
        referenceFiles: await Promise.all(pictures.map(keepReference)),
      });
      const expires = String(Math.floor((Date.now() + options.lifetimeMs()) / 1000));
      const query = new URLSearchParams({
        Expires: expires,
        OSSAccessKeyId: accessKeyId,
        Signature: sign(result.name, expires),
      });
      return `${options.origin()}/results/${result.name}?${query}`;
    },
    async serve(request, response, fault) {
      const url = new URL(request.url ?? '/', options.origin());
      const name = url.pathname.slice('/results/'.length);
      const refused = refuse(url, name, response);
      if (refused !== undefined) return refused;
      const result = known.get(name);
      if (!result) return sendXmlError(response, 404, 'NoSuchKey', 'The specified key does not exist.');
      return sendFile(await drawOnce(result), request, response, fault);
    },
  };
}
