/** The Model Studio (DashScope) client: the HTTP calls that hologen makes, each with its own time limit. */
import { setTimeout as delay } from 'node:timers/promises';
import { isObject, type Json } from '../../json.js';
import type { OpenedSource } from '../../storage/storage.js';
import { ProviderFailure } from '../provider.js';
import {
  type Connection,
  call,
  idOf,
  type ModelStudioSettings,
  openConnection,
  type Reply,
} from './connection.js';
import { download } from './download.js';
import { unreadableAnswer } from './errors.js';
import { batchAddress, keptWaitingMs, longestWaitMs, outOfTime } from './half-price.js';
import { flatRerankPath } from './rerank-table.js';

export interface ListedTask {
  taskId: string;
  /** Of the submit. */
  requestId: string;
}

export interface ModelStudioClient {
  /** Posts a generation request. `async`: the reply is a task. Errors: KnownError; `unanswered` ones may have been billed. */
  generate(
    path: string,
    body: Json,
    options: { apiKey: string; async: boolean; signal: AbortSignal },
  ): Promise<Reply>;
  /** Posts to the OpenAI-compatible endpoint: text, embeddings, rankings. `halfPrice`: in that lane, see half-price.ts. */
  complete(
    path: string,
    body: Json,
    options: { apiKey: string; halfPrice: boolean; signal: AbortSignal },
  ): Promise<Reply>;
  /** Whether the region has a lane at half the price. */
  readonly hasHalfPrice: boolean;
  task(taskId: string, apiKey: string, signal: AbortSignal): Promise<Reply>;
  /** Tasks of a model type submitted within a span of at most 24 hours, newest first. */
  listTasks(
    modelType: string,
    from: Date,
    to: Date,
    apiKey: string,
    signal: AbortSignal,
  ): Promise<ListedTask[]>;
  /** Milliseconds by which the provider's clock is ahead of ours, as far as it is known. */
  clockAheadMs(): number;
  /** Only PENDING tasks can be cancelled; false: it goes on and will be billed, or the provider did not say in three attempts. */
  cancelTask(taskId: string, apiKey: string, signal: AbortSignal): Promise<boolean>;
  /** Asks for a task that cannot exist: proves key and region, spends nothing. */
  probe(apiKey: string, signal: AbortSignal): Promise<void>;
  download(url: string, signal: AbortSignal): Promise<OpenedSource>;
  close(): Promise<void>;
}

export function createClient(settings: ModelStudioSettings): ModelStudioClient {
  const connection = openConnection(settings);
  const { base, compatible, timeouts, agent, downloads } = connection;
  const batch = batchAddress(base);
  const reranks = base.replace(/\/api\/v1$/, '/compatible-api/v1');
  return {
    generate: (path, body, { apiKey, async, signal }) =>
      call(connection, 'POST', base + path, {
        apiKey,
        signal,
        body,
        timeoutMs: async ? timeouts.lookupMs : timeouts.generateMs,
        headers: async ? { 'x-dashscope-async': 'enable' } : {},
      }),
    complete(path, body, { apiKey, halfPrice, signal }) {
      const timeoutMs = halfPrice ? longestWaitMs : timeouts.generateMs;
      const url = (halfPrice ? batch : path === flatRerankPath ? reranks : compatible) + path;
      const startedAt = performance.now();
      return call(connection, 'POST', url, { apiKey, signal, body, timeoutMs }).catch((error: unknown) => {
        throw halfPrice && performance.now() - startedAt >= keptWaitingMs ? outOfTime(error) : error;
      });
    },
    hasHalfPrice: batch !== undefined,
    task: (taskId, apiKey, signal) =>
      look(connection, `/tasks/${encodeURIComponent(taskId)}`, apiKey, signal),
    listTasks: (modelType, from, to, apiKey, signal) =>
      listTasks(connection, { modelType, from, to }, apiKey, signal),
    clockAheadMs: () => connection.clockAheadMs,
    cancelTask: (taskId, apiKey, signal) => cancelTask(connection, taskId, apiKey, signal),
    async probe(apiKey, signal) {
      await look(connection, `/tasks/${probeTaskId}`, apiKey, signal);
    },
    download: (url, signal) => download(connection, url, signal),
    close: () => Promise.all([agent.close(), downloads.close()]).then(() => {}),
  };
}

const probeTaskId = '00000000-0000-0000-0000-000000000000';

function look(connection: Connection, path: string, apiKey: string, signal: AbortSignal): Promise<Reply> {
  const options = { apiKey, signal, timeoutMs: connection.timeouts.lookupMs };
  return connection.lookupTurn('look', apiKey, signal, () =>
    call(connection, 'GET', connection.base + path, options),
  );
}

async function listTasks(
  connection: Connection,
  { modelType, from, to }: { modelType: string; from: Date; to: Date },
  apiKey: string,
  signal: AbortSignal,
): Promise<ListedTask[]> {
  const span = { start_time: listTime(from), end_time: listTime(to), model_name: modelType };
  const tasks: ListedTask[] = [];
  for (let page = 1; page <= mostPages; page++) {
    const query = new URLSearchParams({ ...span, page_no: String(page), page_size: '100' });
    const { body, requestId } = await look(connection, `/tasks/?${query}`, apiKey, signal);
    if (!Array.isArray(body.data))
      throw unreadableAnswer(200, JSON.stringify(body).slice(0, 200), false, requestId);
    for (const { task_id, request_id } of body.data.filter(isObject)) {
      const taskId = idOf(task_id);
      if (taskId) tasks.push({ taskId, requestId: idOf(request_id) ?? '' });
    }
    if (body.data.length === 0 || !(page < Number(body.total_page ?? 1))) break;
  }
  return tasks;
}

/** Of a minute around a submit; an answer that promises more is rubbish. */
const mostPages = 50;

/** The task list counts in Beijing time, YYYYMMDDhhmmss. */
function listTime(time: Date): string {
  const beijing = new Date(time.getTime() + 8 * 3_600_000);
  return beijing.toISOString().replace(/\D/g, '').slice(0, 14);
}

const cancelAttempts = 3;
const cancelPauseMs = 300;

async function cancelTask(
  connection: Connection,
  taskId: string,
  apiKey: string,
  signal: AbortSignal,
): Promise<boolean> {
  const url = `${connection.base}/tasks/${encodeURIComponent(taskId)}/cancel`;
  const options = { apiKey, signal, timeoutMs: connection.timeouts.lookupMs };
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.lookupTurn('cancel', apiKey, signal, () => call(connection, 'POST', url, options));
      return true;
    } catch (error) {
      if (!(error instanceof ProviderFailure)) throw error;
      // A lost answer says nothing: the task is cancelled, or it goes on and costs money.
      const unclear = error.repeat !== 'no' || error.mayBeTaken;
      if (!unclear || attempt === cancelAttempts) return false;
      await delay(cancelPauseMs, undefined, { signal });
    }
  }
}
