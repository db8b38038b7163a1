/** Carries ali-oss's signed requests over undici: abortable, with time limits for silence instead of totals. */

import { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { ConnectionLoss } from './error.js';
import type { OssSettings } from './settings.js';

/** What ali-oss hands to the HTTP client it is given (its `urllib` option). */
interface SignedRequest {
  method: Dispatcher.HttpMethod;
  headers: Record<string, string | number>;
  content?: Buffer | string;
  stream?: AsyncIterable<Buffer>;
}

/** What ali-oss expects back. */
interface TransportAnswer {
  status: number;
  headers: Record<string, string>;
  data: Buffer;
  res: { status: number; headers: Record<string, string> };
}

export interface OssTransport {
  request(url: string, signed: SignedRequest): Promise<TransportAnswer>;
  /** Why there was no answer; ali-oss passes on only the text. */
  readonly failure: Error | undefined;
}

const sliceBytes = 128 * 1024;
/** A list of a thousand of the longest keys, each byte of them encoded. */
const maximumAnswerBytes = 4 * 1024 * 1024;

/** A timer that aborts its signal unless it is moved on in time. */
interface Watchdog {
  signal: AbortSignal;
  /** Another so many milliseconds; `what` is missing when they have passed. */
  allow(durationMs: number, what: string): void;
  stop(): void;
}

function createWatchdog(): Watchdog {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    allow(durationMs, what) {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(new Error(`${what} for ${durationMs} ms`)), durationMs);
    },
    stop: () => clearTimeout(timer),
  };
}

/** The body in slices: a slice is taken when the connection has room, so each one is a sign of life. */
async function* slices(
  body: AsyncIterable<Buffer>,
  onOffer: () => void,
  onTaken: () => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    for (let start = 0; start < chunk.length; start += sliceBytes) {
      onOffer();
      yield chunk.subarray(start, start + sliceBytes);
      // While the source is waited for, which has its own limit, the connection is not to blame.
      onTaken();
    }
  }
}

function flatten(headers: Record<string, string | number | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value ?? '')]));
}

async function readAnswer(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maximumAnswerBytes) throw new Error('the answer is larger than any answer of OSS');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

interface Wire {
  dispatcher: Dispatcher;
  timeouts: OssSettings['timeouts'];
  signal: AbortSignal;
}

async function sendOver(wire: Wire, url: string, signed: SignedRequest): Promise<TransportAnswer> {
  const { dispatcher, timeouts, signal } = wire;
  const watchdog = createWatchdog();
  const awaitAnswer = () => watchdog.allow(timeouts.responseMs, 'OSS did not answer');
  // Time to connect is the dispatcher's own limit and comes on top.
  watchdog.allow(timeouts.connectMs + timeouts.responseMs, 'OSS did not answer');
  try {
    const response = await request(url, {
      method: signed.method,
      headers: flatten(signed.headers),
      body: bodyOf(signed, watchdog, timeouts.idleMs, awaitAnswer),
      dispatcher,
      headersTimeout: 0,
      bodyTimeout: timeouts.idleMs,
      signal: AbortSignal.any([signal, watchdog.signal]),
    });
    awaitAnswer();
    const headers = flatten(response.headers);
    const data = await readAnswer(response.body);
    return { status: response.statusCode, headers, data, res: { status: response.statusCode, headers } };
  } finally {
    watchdog.stop();
  }
}

/** Null where there is nothing to send. `onEnd`: all of it was taken. */
function bodyOf(
  signed: SignedRequest,
  watchdog: Watchdog,
  idleMs: number,
  onEnd: () => void,
): Readable | null {
  const content = typeof signed.content === 'string' ? Buffer.from(signed.content) : signed.content;
  const source = signed.stream ?? (content?.length ? [content] : undefined);
  if (!source) return null;
  const onOffer = () => watchdog.allow(idleMs, 'OSS accepted no data');
  async function* body(): AsyncGenerator<Buffer> {
    yield* slices(source as AsyncIterable<Buffer>, onOffer, watchdog.stop);
    onEnd();
  }
  return Readable.from(body(), { objectMode: false, highWaterMark: sliceBytes });
}

/**
 * A transport for one request of ali-oss.
 * @param signal aborts the request on the wire
 */
export function createOssTransport(
  dispatcher: Dispatcher,
  timeouts: OssSettings['timeouts'],
  signal: AbortSignal,
): OssTransport {
  let failure: Error | undefined;
  return {
    get failure() {
      return failure;
    },
    async request(url, signed) {
      try {
        return await sendOver({ dispatcher, timeouts, signal }, url, signed);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        failure = new ConnectionLoss(text, { cause: error });
        throw Object.assign(new Error(text), { name: 'RequestError', status: -1 });
      }
    },
  };
}
