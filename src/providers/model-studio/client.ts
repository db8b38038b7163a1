/** The Model Studio (DashScope) client: the six HTTP calls that hologen makes, each with its own time limit. */
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { KnownError } from '../../errors.js';
import { isObject, type Json, textOf } from '../../json.js';
import { mayBeTaken, ProviderError, providerError, unansweredError, unreadableAnswer } from './errors.js';

export interface ModelStudioSettings {
  /** e.g. https://dashscope.aliyuncs.com/api/v1; plain http only to loopback. */
  baseUrl: string;
  timeouts: {
    connectMs: number;
    /** A synchronous picture call answers when the picture is made; the official SDK waits 300 s. */
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
}

export interface ListedTask {
  taskId: string;
  /** Of the submit. */
  requestId: string;
}

export interface ModelStudio {
  /** Posts a generation request. `async`: the reply is a task. Errors: KnownError; `unanswered` ones may have been billed. */
  generate(
    path: string,
    body: Json,
    options: { apiKey: string; async: boolean; signal: AbortSignal },
  ): Promise<Reply>;
  /** Posts to the OpenAI-compatible endpoint: text and embeddings. */
  complete(path: string, body: Json, options: { apiKey: string; signal: AbortSignal }): Promise<Reply>;
  task(taskId: string, apiKey: string, signal: AbortSignal): Promise<Reply>;
  /** Tasks of a model type submitted within a span of at most 24 hours, newest first. */
  listTasks(
    modelType: string,
    from: Date,
    to: Date,
    apiKey: string,
    signal: AbortSignal,
  ): Promise<ListedTask[]>;
  /** Only PENDING tasks can be cancelled; false: it goes on and will be billed, or the provider did not say in three attempts. */
  cancelTask(taskId: string, apiKey: string, signal: AbortSignal): Promise<boolean>;
  /** Asks for a task that cannot exist: proves key and region, spends nothing. */
  probe(apiKey: string, signal: AbortSignal): Promise<void>;
  /** Length and CRC-64 as the host of the result announces them: it is an OSS bucket. */
  download(
    url: string,
    signal: AbortSignal,
  ): Promise<{ stream: Readable; lengthBytes?: number; crc64?: string }>;
  close(): Promise<void>;
}

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const cancelAttempts = 3;
const cancelPauseMs = 300;
const probeTaskId = '00000000-0000-0000-0000-000000000000';

export function createModelStudio(settings: ModelStudioSettings): ModelStudio {
  const base = checkBaseUrl(settings.baseUrl);
  const compatible = base.replace(/\/api\/v1$/, '/compatible-mode/v1');
  const { timeouts } = settings;
  const agent = new Agent({
    connect: { timeout: timeouts.connectMs },
    headersTimeout: timeouts.generateMs,
    bodyTimeout: timeouts.downloadIdleMs,
  });

  async function call(method: 'GET' | 'POST', url: string, options: CallOptions): Promise<Reply> {
    const limit = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
    let response: Dispatcher.ResponseData;
    let text: string;
    try {
      response = await request(url, {
        method,
        dispatcher: agent,
        signal: limit,
        headers: {
          authorization: `Bearer ${options.apiKey}`,
          ...(options.body && { 'content-type': 'application/json' }),
          ...options.headers,
        },
        body: options.body && JSON.stringify(options.body),
      });
      text = await response.body.text();
    } catch (cause) {
      options.signal.throwIfAborted();
      throw unansweredError(cause, method === 'POST');
    }
    const { 'x-request-id': headerId, 'retry-after': retryAfter } = response.headers;
    const body = parseBody(text);
    const requestId = String(body?.request_id ?? headerId ?? '');
    if (!body) throw unreadableAnswer(response.statusCode, text, method === 'POST', requestId, retryAfter);
    // Some refusals come with status 200 and only a code in the body.
    const refused =
      response.statusCode >= 400 || (typeof body.code === 'string' && body.code !== '' && !body.output);
    if (refused) throw providerError(response.statusCode, body, requestId, retryAfter);
    return { body, requestId };
  }

  const inTurn: LookupTurn = settings.lookupTurn ?? ((_kind, _apiKey, _signal, send) => send());

  function look(url: string, apiKey: string, signal: AbortSignal): Promise<Reply> {
    const options = { apiKey, signal, timeoutMs: timeouts.lookupMs };
    return inTurn('look', apiKey, signal, () => call('GET', url, options));
  }

  return {
    generate: (path, body, { apiKey, async, signal }) =>
      call('POST', base + path, {
        apiKey,
        signal,
        body,
        timeoutMs: async ? timeouts.lookupMs : timeouts.generateMs,
        headers: async ? { 'x-dashscope-async': 'enable' } : {},
      }),
    complete: (path, body, { apiKey, signal }) =>
      call('POST', compatible + path, { apiKey, signal, body, timeoutMs: timeouts.generateMs }),
    task: (taskId, apiKey, signal) => look(`${base}/tasks/${encodeURIComponent(taskId)}`, apiKey, signal),
    async listTasks(modelType, from, to, apiKey, signal) {
      const span = { start_time: listTime(from), end_time: listTime(to), model_name: modelType };
      const tasks: ListedTask[] = [];
      for (let page = 1; ; page++) {
        const query = new URLSearchParams({ ...span, page_no: String(page), page_size: '100' });
        const { body } = await look(`${base}/tasks/?${query}`, apiKey, signal);
        for (const task of Array.isArray(body.data) ? body.data.filter(isObject) : [])
          tasks.push({ taskId: String(task.task_id), requestId: textOf(task.request_id) ?? '' });
        if (page >= Number(body.total_page ?? 1)) return tasks;
      }
    },
    async cancelTask(taskId, apiKey, signal) {
      const url = `${base}/tasks/${encodeURIComponent(taskId)}/cancel`;
      const options = { apiKey, signal, timeoutMs: timeouts.lookupMs };
      for (let attempt = 1; ; attempt++) {
        try {
          await inTurn('cancel', apiKey, signal, () => call('POST', url, options));
          return true;
        } catch (error) {
          if (!(error instanceof ProviderError)) throw error;
          // A lost answer says nothing: the task is cancelled, or it goes on and costs money.
          const unclear = error.repeat !== 'no' || mayBeTaken(error);
          if (!unclear || attempt === cancelAttempts) return false;
          await delay(cancelPauseMs, undefined, { signal });
        }
      }
    },
    async probe(apiKey, signal) {
      await look(`${base}/tasks/${probeTaskId}`, apiKey, signal);
    },
    async download(url, signal) {
      checkDownloadUrl(url, base);
      const response = await request(url, { dispatcher: agent, signal }).catch((cause: unknown) => {
        signal.throwIfAborted();
        throw undeliveredResult(url, cause);
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
    },
    close: () => agent.close(),
  };
}

/** The task list counts in Beijing time, YYYYMMDDhhmmss. */
function listTime(time: Date): string {
  const beijing = new Date(time.getTime() + 8 * 3_600_000);
  return beijing.toISOString().replace(/\D/g, '').slice(0, 14);
}

interface CallOptions {
  apiKey: string;
  signal: AbortSignal;
  timeoutMs: number;
  body?: Json;
  headers?: Record<string, string>;
}

function checkBaseUrl(text: string): string {
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback.test(url.hostname))) {
    throw new Error(`DASHSCOPE_HTTP_BASE_URL must be https (plain http only to loopback), not ${url.origin}`);
  }
  return text.replace(/\/+$/, '');
}

/** The provider's result hosts have no fixed list, so https to anywhere; plain http only where the provider itself is on loopback. */
function checkDownloadUrl(text: string, base: string): void {
  const url = new URL(text);
  if (url.protocol === 'https:') return;
  if (url.protocol === 'http:' && loopback.test(url.hostname) && loopback.test(new URL(base).hostname))
    return;
  throw new KnownError({
    kind: 'providerFailure',
    message: `the provider named a result at ${url.origin}, which is not https`,
  });
}

function undeliveredResult(url: string, cause: unknown): KnownError {
  const system = (cause as NodeJS.ErrnoException).code ?? (cause as Error).name;
  return new KnownError({
    kind: 'connectionFailure',
    message: `the result could not be downloaded (${system})`,
    detail: `Host: ${new URL(url).host}.`,
    retryable: true,
    cause,
  });
}

function parseBody(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
