/** What the provider made, from the temporary address it named. */
import type { Readable } from 'node:stream';
import { request } from 'undici';
import { KnownError } from '../../errors.js';
import { isObject, type Json, textOf } from '../../json.js';
import { isLoopback, PrivateAddress, refusePrivateHost } from '../../public-address.js';
import type { OpenedSource } from '../../storage/storage.js';
import type { Connection } from './connection.js';

/** Length and CRC-64 as the host of the result announces them: it is an OSS bucket. */
export async function download(
  { downloads, base }: Connection,
  url: string,
  signal: AbortSignal,
): Promise<OpenedSource> {
  const address = checkAddress(url, base);
  const response = await request(address, { dispatcher: downloads, signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw cause instanceof PrivateAddress ? inside(address, cause) : undelivered(address, cause);
  });
  const { statusCode } = response;
  const isPage = /^text\/html\b/i.test(textOf(response.headers['content-type']) ?? '');
  if (statusCode !== 200 || isPage) {
    // Destroying a body that nobody reads is an error of its own, which would end the process.
    response.body.on('error', () => {}).destroy();
    throw new KnownError({
      kind: 'providerFailure',
      message: `the result could not be downloaded: ${statusCode === 200 ? 'what came is a web page' : `HTTP ${statusCode}`}`,
      detail: `Host: ${address.host}.`,
      retryable: statusCode === 200 || statusCode >= 500,
    });
  }
  const announced = response.headers['content-length'];
  return {
    stream: response.body,
    lengthBytes: announced === undefined ? undefined : Number(announced),
    crc64: checksumOf(response.headers['x-oss-hash-crc64ecma']),
  };
}

/**
 * The provider's result hosts have no fixed list, so https to anywhere. Its own host sometimes names a result with http: the same is there
 * with https. Plain http only where the provider itself is on loopback.
 */
function checkAddress(text: string, base: string): URL {
  if (!URL.canParse(text)) {
    throw new KnownError({
      kind: 'providerFailure',
      message: `the provider named a result at ${JSON.stringify(text.slice(0, 100))}, which is no address`,
    });
  }
  const url = new URL(text);
  if (!isLoopback(new URL(base))) refusePrivate(url);
  if (url.protocol === 'https:') return url;
  if (url.protocol === 'http:' && isLoopback(url) && isLoopback(new URL(base))) return url;
  if (url.protocol === 'http:' && url.port === '' && isProvidersOwn(url, base)) {
    url.protocol = 'https:';
    return url;
  }
  throw new KnownError({
    kind: 'providerFailure',
    message: `the provider named a result at ${url.origin}, which is not https`,
  });
}

function refusePrivate(url: URL): void {
  try {
    refusePrivateHost(url);
  } catch (cause) {
    throw inside(url, cause);
  }
}

function inside({ host }: URL, cause: unknown): KnownError {
  return new KnownError({
    kind: 'providerFailure',
    message: `the provider named a result at ${host}, which is in a private network`,
    cause,
  });
}

/** Results lie in OSS buckets of Alibaba Cloud, or at the host that was asked. */
function isProvidersOwn({ hostname }: URL, base: string): boolean {
  return hostname === new URL(base).hostname || hostname.endsWith('.aliyuncs.com');
}

function undelivered({ host }: URL, cause: unknown): KnownError {
  const system = (cause as NodeJS.ErrnoException).code ?? (cause as Error).name;
  return new KnownError({
    kind: 'connectionFailure',
    message: `the result could not be downloaded (${system})`,
    detail: `Host: ${host}.`,
    retryable: true,
    cause,
  });
}

/** What is no number is no checksum. */
function checksumOf(header: string | string[] | undefined): string | undefined {
  const text = textOf(header);
  return text && /^\d{1,20}$/.test(text) ? text : undefined;
}

/** A transcript of hours of speech, every word with its times, is some megabytes. */
const mostDocumentBytes = 64 * 1024 * 1024;

/** A result that is a JSON document itself. */
export async function readDocument(stream: Readable): Promise<Json> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    if (bytes > mostDocumentBytes) throw unreadable('is too large');
    chunks.push(chunk as Buffer);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (isObject(value)) return value;
  } catch {
    // Told below.
  }
  throw unreadable('cannot be read');
}

function unreadable(why: string): KnownError {
  const message = `the document that the provider made ${why}`;
  return new KnownError({ kind: 'providerFailure', message, retryable: true });
}
