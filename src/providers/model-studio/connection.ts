/** One HTTP request to Model Studio, and what its answer or its silence means. */
import { brotliDecompressSync, gunzipSync, inflateSync, type ZlibOptions } from 'node:zlib';
import { Agent, type Dispatcher, request } from 'undici';
import { isObject, type Json, objectIn, textOf } from '../../json.js';
import { isLoopback, publicLookup } from '../../public-address.js';
import { ProviderFailure } from '../provider.js';
import { connectContinued } from './continued-answers.js';
import { isClear, noAnswer, providerError, unreadableAnswer } from './errors.js';
import { connectTelling } from './never-connected.js';
import { wholeAnswer } from './streamed-answers.js';

export interface ModelStudioSettings {
  /** e.g. https://dashscope.aliyuncs.com/api/v1; plain http only to loopback. */
  baseUrl: string;
  timeouts: {
    connectMs: number;
    /** A synchronous call answers when all is made; the provider gives what there is by then after its own time, which is 300 s at least. */
    generateMs: number;
    /** Everything that only looks something up. */
    lookupMs: number;
    /** A download that brings no byte for so long has failed. */
    downloadIdleMs: number;
  };
  /** Lets each request about tasks through in its turn; all at once when left out. */
  lookupTurn?: LookupTurn;
}

/** Sends a request about tasks when the account's limit allows. */
export type LookupTurn = <T>(
  kind: 'look' | 'cancel',
  apiKey: string,
  signal: AbortSignal,
  send: () => Promise<T>,
) => Promise<T>;

export interface Reply {
  body: Json;
  requestId: string;
  /** The provider's own time was over: it is what there was by then (https://help.aliyun.com/zh/model-studio/text-generation-model). */
  isPartial?: true;
}

export interface Connection {
  base: string;
  /** Base of the OpenAI-compatible endpoints. */
  compatible: string;
  agent: Agent;
  /** For results: the provider's answers name where they are. */
  downloads: Agent;
  timeouts: ModelStudioSettings['timeouts'];
  lookupTurn: LookupTurn;
  /** Milliseconds by which the provider's clock was ahead of ours at its last answer. */
  clockAheadMs: number;
}

export interface RequestOptions {
  apiKey: string;
  signal: AbortSignal;
  timeoutMs: number;
  body?: Json;
  headers?: Record<string, string>;
}

export function openConnection({ baseUrl, timeouts, lookupTurn }: ModelStudioSettings): Connection {
  const base = baseUrl.replace(/\/+$/, '');
  return {
    base,
    compatible: base.replace(/\/api\/v1$/, '/compatible-mode/v1'),
    // Each request has its own times.
    agent: new Agent({
      connect: connectTelling(connectContinued({ timeout: timeouts.connectMs })),
    }),
    downloads: new Agent({
      // A provider on this machine keeps its results here too.
      connect: connectContinued({
        timeout: timeouts.connectMs,
        ...(!isLoopback(new URL(base)) && { lookup: publicLookup }),
      }),
      headersTimeout: timeouts.downloadIdleMs,
      bodyTimeout: timeouts.downloadIdleMs,
    }),
    timeouts,
    lookupTurn: lookupTurn ?? ((_kind, _apiKey, _signal, send) => send()),
    clockAheadMs: 0,
  };
}

/** The provider's answer. Refusals, failures and silence are ProviderFailures; a caller who gave up gets its signal's reason. */
export async function call(
  connection: Connection,
  method: 'GET' | 'POST',
  url: string,
  options: RequestOptions,
): Promise<Reply> {
  const submit = method === 'POST';
  const payload = requestText(options.body);
  const { status, text, headers } = await exchange(connection.agent, method, url, {
    ...options,
    payload,
  }).catch((cause: unknown) => {
    options.signal.throwIfAborted();
    if (cause instanceof ProviderFailure) throw cause;
    throw noAnswer(cause, submit);
  });
  noteClock(connection, headers.date);
  const { 'x-request-id': headerId, 'retry-after': retryAfter } = headers;
  const isStream = /^text\/event-stream\b/.test(String(headers['content-type'] ?? ''));
  const body = isStream ? wholeAnswer(text) : objectIn(text);
  const requestId = idOf(body?.request_id) ?? idOf(headerId) ?? '';
  // Whoever stands between us and the provider speaks JSON too.
  const isProviders = body !== undefined && (!submit || isClear(status, codeOf(body), text));
  if (!isProviders) throw unreadableAnswer(status, text, submit, requestId, retryAfter);
  // Some refusals come with status 200 and only a code in the body, or in compatible mode an error.
  const isCode = typeof body.code === 'string' && body.code !== '' && !body.output;
  const refused = status >= 400 || isCode || (isObject(body.error) && !body.choices && !body.data);
  if (refused) throw providerError(status, body, requestId, retryAfter);
  return { body, requestId, ...(headers['x-dashscope-partialresponse'] === 'true' && { isPartial: true }) };
}

const longestId = 300;

/** The provider's ids are short words; the ledger finds by them, and takes none of any length. Whoever stands between may have put something else there. */
export function idOf(value: unknown): string | undefined {
  const id = textOf(value);
  return id !== undefined && id.length <= longestId ? id : undefined;
}

/** It tells whole seconds, and an answer takes its time: less than that is no difference. */
const clockDoubtMs = 2_000;

function noteClock(connection: Connection, date: string | string[] | undefined): void {
  const aheadMs = Date.parse(String(date)) - Date.now();
  if (Number.isFinite(aheadMs)) connection.clockAheadMs = Math.abs(aheadMs) > clockDoubtMs ? aheadMs : 0;
}

interface Answer {
  status: number;
  text: string;
  headers: Dispatcher.ResponseData['headers'];
}

async function exchange(
  agent: Agent,
  method: 'GET' | 'POST',
  url: string,
  {
    apiKey,
    signal,
    timeoutMs,
    payload,
    headers,
  }: Omit<RequestOptions, 'body'> & { payload: string | undefined },
): Promise<Answer> {
  const response = await request(url, {
    method,
    dispatcher: agent,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    headersTimeout: timeoutMs,
    // Of an answer in pieces the first may be long in coming.
    bodyTimeout: timeoutMs,
    headers: {
      authorization: `Bearer ${apiKey}`,
      'accept-encoding': 'identity',
      ...(payload !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: payload,
  });
  return {
    status: response.statusCode,
    text: textOfAnswer(
      await limitedBytes(response.body, method === 'POST'),
      response.headers['content-encoding'],
    ),
    headers: response.headers,
  };
}

/** Both forms of the provider's errors name a code. */
function codeOf(body: Json): string | undefined {
  const inner = isObject(body.error) ? body.error : body;
  return textOf(inner.code) ?? textOf(inner.type);
}

/** No request and no answer fills the memory: the longest that Model Studio documents are some hundred kilobytes. */
const mostMebibytes = 32;
const mostBytes = mostMebibytes * 1024 * 1024;

/** The text of a request, which was not sent when this throws. */
function requestText(body: Json | undefined): string | undefined {
  const text = body && JSON.stringify(body);
  const bytes = text === undefined ? 0 : Buffer.byteLength(text);
  if (bytes > mostBytes) throw tooLarge('the request to Model Studio', bytes, false);
  return text;
}

async function limitedBytes(body: Dispatcher.ResponseData['body'], submit: boolean): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw tooLarge('the answer of Model Studio', bytes, submit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** How somebody on the way may have packed an answer, though nobody asked for that. */
const unpacking: Partial<Record<string, (bytes: Buffer, limit: ZlibOptions) => Buffer>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync as (bytes: Buffer, limit: ZlibOptions) => Buffer,
};

/** As it came where it cannot be unpacked: then it cannot be read either. A mark of the byte order is none of its JSON. */
function textOfAnswer(bytes: Buffer, encoding: string | string[] | undefined): string {
  const unpack = unpacking[String(encoding ?? '').toLowerCase()];
  let plain = bytes;
  try {
    if (unpack) plain = unpack(bytes, { maxOutputLength: mostBytes });
  } catch {
    // Cut, or larger than any answer.
  }
  return plain.toString('utf8').replace(/^\ufeff/, '');
}

function tooLarge(what: string, bytes: number, mayBeTaken: boolean): ProviderFailure {
  return new ProviderFailure({
    ...{ kind: 'programLimitExceeded', code: 'TooLarge', repeat: 'no', requestId: '', mayBeTaken },
    message: `${what} is larger than ${mostMebibytes} MiB (at least ${(bytes / 1024 / 1024).toFixed(1)} MiB)`,
    hint: 'Ask for less in one call.',
  });
}
