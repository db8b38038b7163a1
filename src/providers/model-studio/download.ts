/** What the provider made, from the temporary address it named. */
import { request } from 'undici';
import { KnownError } from '../../errors.js';
import { textOf } from '../../json.js';
import type { OpenedSource } from '../../storage/storage.js';
import { type Connection, isLoopback } from './connection.js';

/** Length and CRC-64 as the host of the result announces them: it is an OSS bucket. */
export async function download(
  { agent, base }: Connection,
  url: string,
  signal: AbortSignal,
): Promise<OpenedSource> {
  checkAddress(url, base);
  const response = await request(url, { dispatcher: agent, signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw undelivered(url, cause);
  });
  if (response.statusCode !== 200) {
    // Destroying a body that nobody reads is an error of its own, which would end the process.
    response.body.on('error', () => {}).destroy();
    throw new KnownError({
      kind: 'providerFailure',
      message: `the result could not be downloaded: HTTP ${response.statusCode}`,
      detail: `Host: ${new URL(url).host}.`,
      retryable: response.statusCode >= 500,
    });
  }
  const length = Number(response.headers['content-length']);
  return {
    stream: response.body,
    lengthBytes: Number.isFinite(length) && length > 0 ? length : undefined,
    crc64: textOf(response.headers['x-oss-hash-crc64ecma']),
  };
}

/** The provider's result hosts have no fixed list, so https to anywhere; plain http only where the provider itself is on loopback. */
function checkAddress(text: string, base: string): void {
  const url = new URL(text);
  if (url.protocol === 'https:') return;
  if (url.protocol === 'http:' && isLoopback(url) && isLoopback(new URL(base))) return;
  throw new KnownError({
    kind: 'providerFailure',
    message: `the provider named a result at ${url.origin}, which is not https`,
  });
}

function undelivered(url: string, cause: unknown): KnownError {
  const system = (cause as NodeJS.ErrnoException).code ?? (cause as Error).name;
  return new KnownError({
    kind: 'connectionFailure',
    message: `the result could not be downloaded (${system})`,
    detail: `Host: ${new URL(url).host}.`,
    retryable: true,
    cause,
  });
}
