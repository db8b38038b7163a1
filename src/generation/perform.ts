/** Performs one checked call: submit, wait for the task, save, shape the result; the ledger hears of every step. */
import { setTimeout as delay } from 'node:timers/promises';
import { SqlError, sqlstate } from '../errors.js';
import { objectAt, textOf } from '../json.js';
import type { ModelStudio, Reply } from '../providers/model-studio.js';
import { meaningOf, ProviderError } from '../providers/model-studio-errors.js';
import type { Storage } from '../storage/storage.js';
import { chatBody, mediaBody } from './body.js';
import type { CheckedCall } from './check.js';
import type { JobState, Ledger } from './ledger.js';
import { requireAccess, signForProvider } from './media.js';
import { saveOutputs } from './outputs.js';
import {
  chatText,
  embeddingText,
  type Produced,
  pictureResult,
  readProduced,
  videoResult,
} from './result.js';
import type { Gate, Schedule } from './schedule.js';

export interface Drivers {
  studio: ModelStudio;
  storage: Storage;
  ledger: Ledger;
  schedule: Schedule;
  defaultApiKey: string | undefined;
  /** Milliseconds to the next look at a task that has been running for so long. */
  pollAfterMs(runningMs: number): number;
}

export interface Watch {
  jobId: string;
  /** Ends the call while nothing is paid yet; once a task runs it goes on, because it will be billed. */
  stop: AbortSignal;
  moved(state: JobState | 'queued'): void;
  /** The provider took the call under this request id. */
  answered(requestId: string): void;
}

/** An answer that never came within this time is the provider's InternalError.Timeout. */
const longestTaskMs = 3 * 60 * 60 * 1000;
const mostAttempts = 3;
const mostThrottledMs = 30 * 60 * 1000;

export async function perform(call: CheckedCall, drivers: Drivers, watch: Watch): Promise<string> {
  const apiKey = requireKey(call, drivers);
  const body = await buildBody(call, drivers.storage, watch.stop);
  const gate = drivers.schedule.gate(`${apiKey} ${call.model.modelType}`, call.type);
  watch.moved('queued');
  const leave = await gate.enter(watch.stop);
  try {
    const reply = await submit(call, body, apiKey, gate, drivers, watch);
    if (call.request.kind === 'text') return finishText(call, reply, drivers, watch);
    const taskId = textOf(objectAt(reply.body, 'output').task_id);
    const made =
      call.type.mode === 'async'
        ? await followTask(requireTask(taskId, reply), apiKey, drivers, watch)
        : reply;
    return await finishMedia(call, made, drivers, watch);
  } finally {
    leave();
  }
}

/** Goes on with a task that an earlier gateway submitted: follows, saves, records it. */
export async function resumeTask(
  call: CheckedCall,
  taskId: string,
  drivers: Drivers,
  watch: Watch,
): Promise<string> {
  const made = await followTask(taskId, requireKey(call, drivers), drivers, watch);
  return finishMedia(call, made, drivers, watch);
}

export function requireKey(call: CheckedCall, drivers: Drivers): string {
  const key = call.model.apiKey ?? drivers.defaultApiKey;
  if (key) return key;
  throw new SqlError({
    sqlstate: sqlstate.providerAuthorization,
    message: `external model "${call.model.name}" has no API key, and the gateway has no default one`,
    hint: 'Start hologen with DASHSCOPE_API_KEY, or deploy the model with a config of {"api_key": "sk-…"}.',
  });
}

async function buildBody(call: CheckedCall, storage: Storage, signal: AbortSignal) {
  const { modelType } = call.model;
  if (call.request.kind === 'text') {
    const { parts, parameters } = call.request.text;
    const files = parts.flatMap((part) => ('file' in part ? [part.file] : []));
    const urls = await Promise.all(
      files.map((file) => signForProvider(storage, file.path, file.access, signal)),
    );
    if (call.type.task === 'embedding')
      return {
        model: modelType,
        input: parts.map((part) => ('text' in part ? part.text : '')).join(''),
        ...parameters,
      };
    return chatBody(modelType, parts, urls, parameters);
  }
  const { media, audio } = call.request.media;
  const sign = (medium: (typeof media)[number]) =>
    signForProvider(storage, medium.path, requireAccess(call.file?.access, medium.field), signal);
  return mediaBody(modelType, call.request.media, {
    media: await Promise.all(media.map(sign)),
    audio: audio && (await sign(audio)),
  });
}

/** Sends the request; a 429 only waits, a clear failure of the provider is repeated, an unanswered submit never is. */
async function submit(
  call: CheckedCall,
  body: Record<string, unknown>,
  apiKey: string,
  gate: Gate,
  drivers: Drivers,
  watch: Watch,
): Promise<Reply> {
  const { studio, ledger } = drivers;
  // The provider may have taken what we cancel half way: from here on the call is left to finish.
  const signal = new AbortController().signal;
  const throttledUntil = Date.now() + mostThrottledMs;
  for (let attempt = 1; ; ) {
    watch.stop.throwIfAborted();
    watch.moved('running');
    await ledger.change(watch.jobId, { state: 'running' });
    try {
      const reply =
        call.request.kind === 'text'
          ? await studio.complete(call.type.path, body, { apiKey, signal })
          : await studio.generate(call.type.path, body, {
              apiKey,
              signal,
              async: call.type.mode === 'async',
            });
      gate.taken();
      watch.answered(reply.requestId);
      const taskId = textOf(objectAt(reply.body, 'output').task_id);
      await ledger.change(watch.jobId, { taskId, providerRequestId: reply.requestId });
      return reply;
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      const throttled = error.repeat === 'wait' && Date.now() < throttledUntil;
      const again =
        error.repeat === 'again' ? attempt < mostAttempts : error.repeat === 'once' && attempt === 1;
      if (!throttled && !again) throw error;
      if (!throttled) attempt += 1;
      watch.moved('queued');
      await pause(gate.slowDown(error.retryAfterMs), watch.stop);
    }
  }
}

/** Rejects with the signal's own reason, not with an AbortError that nobody reads. */
async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: stop }).catch(() => stop.throwIfAborted());
}

function requireTask(taskId: string | undefined, reply: Reply): string {
  if (taskId) return taskId;
  throw new SqlError({
    sqlstate: sqlstate.providerFailure,
    message: 'Model Studio took the call but named no task',
    detail: `Provider request id: ${reply.requestId}.`,
  });
}

/**
 * Polls until the task has ended. A stopped statement cancels a PENDING task; one that runs already is followed to its end and saved.
 * Failed lookups are repeated: the task goes on whether we see it or not.
 */
async function followTask(taskId: string, apiKey: string, drivers: Drivers, watch: Watch): Promise<Reply> {
  const startedAt = Date.now();
  let mayCancel = true;
  const lookup = new AbortController().signal;
  for (;;) {
    const runningMs = Date.now() - startedAt;
    if (runningMs > longestTaskMs) {
      throw new SqlError({
        sqlstate: sqlstate.providerFailure,
        message: `task ${taskId} gave no result within 3 hours`,
      });
    }
    await delay(drivers.pollAfterMs(runningMs), undefined, { signal: mayCancel ? watch.stop : lookup }).catch(
      () => {},
    );
    if (watch.stop.aborted && mayCancel) {
      mayCancel = false;
      if (await drivers.studio.cancelTask(taskId, apiKey, lookup).catch(() => false)) throw watch.stop.reason;
    }
    const reply = await drivers.studio.task(taskId, apiKey, lookup).catch((error: unknown) => {
      if (error instanceof ProviderError && error.repeat !== 'no') return undefined;
      throw error;
    });
    const status = textOf(reply && objectAt(reply.body, 'output').task_status);
    if (reply && status && !['PENDING', 'RUNNING', 'SUSPENDED'].includes(status))
      return requireKnown(reply, status, taskId);
  }
}

/** FAILED is a result of its own; a task the provider cancelled or forgot is an error. */
function requireKnown(reply: Reply, status: string, taskId: string): Reply {
  if (status === 'SUCCEEDED' || status === 'FAILED') return reply;
  throw new SqlError({
    sqlstate: status === 'CANCELED' ? sqlstate.queryCanceled : sqlstate.providerFailure,
    message:
      status === 'CANCELED'
        ? `task ${taskId} was cancelled at the provider`
        : `the provider does not know task ${taskId} (any more)`,
    detail: `Provider request id: ${reply.requestId}.`,
    hint: 'Tasks and their results are kept for 24 hours.',
  });
}

async function finishText(call: CheckedCall, reply: Reply, drivers: Drivers, watch: Watch): Promise<string> {
  const result = call.type.task === 'embedding' ? embeddingText(reply) : chatText(reply);
  await drivers.ledger.change(watch.jobId, {
    state: 'succeeded',
    usage: objectAt(reply.body, 'usage'),
    result,
  });
  return result;
}

async function finishMedia(call: CheckedCall, reply: Reply, drivers: Drivers, watch: Watch): Promise<string> {
  const produced = readProduced(call.type, reply);
  const failed = produced.task?.task_status === 'FAILED';
  if (failed && call.type.task === 'image-generation')
    throw failedPicture(produced.task ?? {}, produced.requestId);
  if (!failed && produced.urls.length === 0) {
    throw new SqlError({
      sqlstate: sqlstate.providerFailure,
      message: 'Model Studio answered without a picture or video',
      detail: `Provider request id: ${produced.requestId}.`,
    });
  }
  return finishProduced(call, produced, drivers, watch);
}

/** Saves what was made where the request wants it saved, and records the result. */
export async function finishProduced(
  call: CheckedCall,
  produced: Produced,
  drivers: Drivers,
  watch: Watch,
): Promise<string> {
  const failed = produced.task?.task_status === 'FAILED';
  const ossPaths = failed ? [] : await save(call, produced, drivers, watch);
  const result =
    call.type.task === 'image-generation'
      ? pictureResult(produced, ossPaths)
      : videoResult(produced.requestId, produced.task ?? {}, produced.usage, produced.urls[0], ossPaths[0]);
  await drivers.ledger.change(watch.jobId, {
    state: failed ? 'failed' : 'succeeded',
    providerRequestId: produced.requestId,
    usage: produced.usage,
    outputs: produced.urls.map((url, index) => ({ url, ossPath: ossPaths[index] })),
    result,
  });
  return result;
}

async function save(
  call: CheckedCall,
  produced: Produced,
  drivers: Drivers,
  watch: Watch,
): Promise<string[]> {
  const output = call.request.kind === 'media' ? call.request.media.output : undefined;
  if (!output) return [];
  watch.moved('saving');
  const outputs = produced.urls.map((url) => ({ url }));
  await drivers.ledger.change(watch.jobId, {
    state: 'saving',
    providerRequestId: produced.requestId,
    usage: produced.usage,
    outputs,
  });
  const place = { output, access: requireAccess(call.file?.access, 'output_dir') };
  const facts = { modelType: call.model.modelType, jobId: watch.jobId };
  const signal = new AbortController().signal;
  return saveOutputs(produced.urls, produced.requestId, place, facts, drivers, signal).catch(
    (error: unknown) => {
      throw withAddress(error, watch.jobId);
    },
  );
}

/** What could not be saved is paid for all the same: its user must learn where it is. */
function withAddress(error: unknown, jobId: string): unknown {
  if (!(error instanceof SqlError)) return error;
  const kept = `The result is made and paid for: for 24 hours it is at the address in hologen.jobs, job ${jobId}.`;
  const { sqlstate, message, detail, hint, retryable } = error;
  return new SqlError({
    ...{ sqlstate, message, detail, retryable },
    hint: hint ? `${hint} ${kept}` : kept,
    cause: error,
  });
}

/** Hologres has no JSON form of a failed picture: it is an SQL error, whatever way the provider made it. */
function failedPicture(task: Record<string, unknown>, requestId: string): SqlError {
  const code = textOf(task.code) ?? 'unknown';
  return new SqlError({
    ...meaningOf(code),
    message: `Model Studio could not make the picture: ${code}: ${textOf(task.message) ?? 'no reason given'}`,
    detail: `Provider request id: ${requestId}.`,
  });
}
