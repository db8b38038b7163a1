/** Sends a result's file as an OSS bucket does: ranges, the object's checksum, and the faults of a body. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FaultAction } from './faults.js';

export interface ResultToSend {
  path: string;
  checksum: string;
  fault: FaultAction | undefined;
}

const contentTypes: Readonly<Record<string, string>> = { '.mp4': 'video/mp4', '.json': 'application/json' };

/** Returns the HTTP status. */
export async function sendResult(
  { path, checksum, fault }: ResultToSend,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const { size, mtime } = await stat(path);
  const part = range(request.headers.range, size);
  const { start, end } = part ?? { start: 0, end: size - 1 };
  const status = part ? 206 : 200;
  response.writeHead(status, {
    'content-type': contentTypes[extname(path)] ?? 'image/png',
    'content-length': end - start + 1,
    'accept-ranges': 'bytes',
    'last-modified': mtime.toUTCString(),
    'x-oss-hash-crc64ecma': checksum,
    ...(part ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
  });
  if (request.method === 'HEAD') response.end();
  else await sendBody(path, { start, end }, response, fault);
  return status;
}

async function sendBody(
  path: string,
  { start, end: last }: { start: number; end: number },
  response: ServerResponse,
  fault: FaultAction | undefined,
): Promise<void> {
  const truncateAfter = fault?.kind === 'truncate' ? fault.bytes : undefined;
  if (truncateAfter === 0) {
    response.destroy();
    return;
  }
  const end = truncateAfter === undefined ? last : Math.min(last, start + truncateAfter - 1);
  const cut = end < last;
  const body = createReadStream(path, { start, end });
  await pipeline(fault?.kind === 'flip' ? flipped(body) : body, response, { end: !cut });
  // Give the kernel the bytes first: destroying at once would throw them away.
  if (cut) setImmediate(() => response.socket?.destroySoon());
}

function range(header: string | undefined, length: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
  if (!match) return undefined;
  const start = Number(match[1]);
  const end = Math.min(match[2] ? Number(match[2]) : length - 1, length - 1);
  return start <= end ? { start, end } : undefined;
}

async function* flipped(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const chunk of body) {
    if (isFirst) chunk[0] = (chunk[0] ?? 0) ^ 1;
    isFirst = false;
    yield chunk;
  }
}
