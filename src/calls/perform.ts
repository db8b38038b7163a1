/** Performs one checked call: submit, wait for the task, save, shape the result; the ledger hears of every step. */
import { setTimeout as delay } from 'node:timers/promises';
import { KnownError } from '../errors.js';
import { type Json, objectAt, textOf } from '../json.js';
import type { JobState, Ledger } from '../ledger/job.js';
import type { Gate } from '../pace/gate.js';
import type { Lanes } from '../pace/lanes.js';
import type { Schedule } from '../pace/schedule.js';
import { chatBody, mediaBody } from '../providers/model-studio/body.js';
import type { ModelStudio, Reply } from '../providers/model-studio/client.js';
import { failedTask, mayBeTaken, ProviderError } from '../providers/model-studio/errors.js';
import { findTask, submitLane } from '../providers/model-studio/lost-submits.js';
import { ownLimits } from '../providers/model-studio/own-limits.js';
import { type Cost, costOf, unitsOf } from '../providers/model-studio/price.js';
import type { Storage } from '../storage/storage.js';
import type { CheckedCall } from './check.js';
import { requireRight, signForProvider } from './media.js';
import type { Meter } from './meter.js';
import { saveOutputs } from './outputs.js';
import {
  chatText,
  embeddingText,
  failedPictures,
  type Produced,
  pictureResult,
  readProduced,
  videoResult,
} from './result.js';

export interface Drivers {
  studio: ModelStudio;
  storage: Storage;
  ledger: Ledger;
  schedule: Schedule;
  meter: Meter;
  /** Asynchronous submits, one at a time for each API key and model type. */
  lanes: Lanes;
  defaultApiKey: string | undefined;
  /** Milliseconds to the next look at a task that has been running for so long. */
  pollAfterMs(runningMs: number): number;
}

export interface Watch {
  jobId: string;
  /** Whose call it is. */
  role: string;
  /** Ends the call while nothing is paid yet; once a task runs it goes on, because it will be billed. */
  stop: AbortSignal;
  moved(state: JobState | 'queued'): void;
  /** The provider took the call under this request id. */
  answered(requestId: string): void;
  /** What the person who waits should know although the call succeeds. */
  noted?(note: string): void;
  /** The provider has given its last word, and this is its price. */
  billed?(cost: Cost): void;
}

/** An answer that never came within this time is the provider's InternalError.Timeout. */
const longestTaskMs = 3 * 60 * 60 * 1000;
const mostAttempts = 3;
const mostThrottledMs = 30 * 60 * 1000;

export async function perform(call: CheckedCall, drivers: Drivers, watch: Watch): Promise<string> {
  const apiKey = requireKey(call, drivers);
  const body = await buildBody(call, drivers.storage, watch.stop);
  const { modelType, config } = call.model;
  const gate = drivers.schedule.gate(apiKey, modelType, call.type, ownLimits(config));
  watch.moved('queued');
  const leave = await gate.enter(watch.stop, watch.role);
  // The place is the next call's as soon as the provider has answered: recording and saving take none of its time.
  const made = await askProvider(call, body, gate, drivers, watch).finally(leave);
  return call.request.kind === 'text'
    ? finishText(call, made, drivers, watch)
    : finishMedia(call, made, drivers, watch);
}

/** The provider's last word on a call: its answer, or its task when that has ended. */
async function askProvider(
  call: CheckedCall,
  body: Record<string, unknown>,
  gate: Gate,
  drivers: Drivers,
  watch: Watch,
): Promise<Reply> {
  const reply = await submit(call, body, gate, drivers, watch);
  if (call.request.kind === 'text' || call.type.mode === 'sync') return reply;
  const taskId = textOf(objectAt(reply.body, 'output').task_id);
  return followTask(requireTask(taskId, reply), requireKey(call, drivers), drivers, watch);
}

/** Goes on with a task that an earlier gateway submitted: follows, saves, records it. `requestId` is the answer's that it had already. */
export async function resumeTask(
  call: CheckedCall,
  taskId: string,
  requestId: string | undefined,
  drivers: Drivers,
  watch: Watch,
): Promise<string> {
  // It may have ended long ago.
  const made = await followTask(taskId, requireKey(call, drivers), drivers, watch, 0);
  return finishMedia(call, { ...made, requestId: requestId ?? made.requestId }, drivers, watch);
}

export function requireKey(call: CheckedCall, drivers: Drivers): string {
  const key = call.model.apiKey ?? drivers.defaultApiKey;
  if (key) return key;
  throw new KnownError({
    kind: 'providerAuthorization',
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
      files.map((file) => signForProvider(storage, file.path, file.right, signal)),
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
    signForProvider(storage, medium.path, requireRight(call.file?.right, medium.field), signal);
  return mediaBody(modelType, call.type, call.request.media, {
    media: await Promise.all(media.map(sign)),
    audio: audio && (await sign(audio)),
  });
}

/** Sends the request; a 429 only waits, a clear failure of the provider is repeated, an unanswered submit never is. */
async function submit(
  call: CheckedCall,
  body: Record<string, unknown>,
  gate: Gate,
  drivers: Drivers,
  watch: Watch,
): Promise<Reply> {
  const send = () => sendOnce(call, body, drivers, watch);
  const throttledUntil = Date.now() + mostThrottledMs;
  for (let attempt = 1; ; ) {
    try {
      const reply =
        call.type.mode === 'async' ? await drivers.lanes.run(submitLane(call, drivers), send) : await send();
      gate.taken();
      return reply;
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      const throttled = error.repeat === 'wait' && Date.now() < throttledUntil;
      const again =
        error.repeat === 'again' ? attempt < mostAttempts : error.repeat === 'once' && attempt === 1;
      if (!throttled && !again) throw error;
      if (!throttled) attempt += 1;
      drivers.meter.repeated(call.model, throttled ? 'throttled' : 'submit');
      watch.moved('queued');
      // It surely was not taken: nothing is at risk if the gateway ends now.
      await drivers.ledger.change(watch.jobId, { state: 'submitted' });
      await gate.again({ throttled, askedMs: error.retryAfterMs }, watch.stop);
    }
  }
}

/** One attempt, from the note in the ledger that it may be taken to the note what became of it. */
async function sendOnce(
  call: CheckedCall,
  body: Record<string, unknown>,
  drivers: Drivers,
  watch: Watch,
): Promise<Reply> {
  const { studio, ledger } = drivers;
  watch.stop.throwIfAborted();
  watch.moved('running');
  await ledger.change(watch.jobId, { state: 'running' });
  const sentAt = new Date();
  const { path, mode } = call.type;
  // The provider may have taken what we cancel half way: from here on the call is left to finish.
  const options = { apiKey: requireKey(call, drivers), signal: new AbortController().signal };
  const answer =
    call.request.kind === 'text'
      ? studio.complete(path, body, options)
      : studio.generate(path, body, { ...options, async: mode === 'async' });
  const reply = await answer.catch(async (error: unknown) => {
    const found = mode === 'async' && mayBeTaken(error) ? await findTask(call, sentAt, drivers) : undefined;
    if (!found) throw error;
    return { body: { output: { task_id: found.taskId } }, requestId: found.requestId };
  });
  watch.answered(reply.requestId);
  const taskId = textOf(objectAt(reply.body, 'output').task_id);
  await ledger.change(watch.jobId, { taskId, providerRequestId: textOf(reply.requestId) });
  return reply;
}

function requireTask(taskId: string | undefined, reply: Reply): string {
  if (taskId) return taskId;
  throw new KnownError({
    kind: 'providerFailure',
    message: 'Model Studio took the call but named no task',
    detail: `Provider request id: ${reply.requestId}.`,
  });
}

/**
 * Polls until the task has ended. A stopped statement cancels a PENDING task; one that runs already is followed to its end and saved.
 * Failed lookups are repeated: the task goes on whether we see it or not.
 */
async function followTask(
  taskId: string,
  apiKey: string,
  drivers: Drivers,
  watch: Watch,
  firstLookAfterMs = drivers.pollAfterMs(0),
): Promise<Reply> {
  const startedAt = Date.now();
  let pauseMs = firstLookAfterMs;
  let mayCancel = true;
  const lookup = new AbortController().signal;
  for (;;) {
    const runningMs = Date.now() - startedAt;
    if (runningMs > longestTaskMs) {
      throw new KnownError({
        kind: 'providerFailure',
        message: `task ${taskId} gave no result within 3 hours`,
      });
    }
    await delay(pauseMs, undefined, { signal: mayCancel ? watch.stop : lookup }).catch(() => {});
    pauseMs = drivers.pollAfterMs(runningMs);
    if (watch.stop.aborted && mayCancel) {
      mayCancel = false;
      if (await drivers.studio.cancelTask(taskId, apiKey, lookup).catch(() => false)) throw watch.stop.reason;
    }
    const reply = await drivers.studio
      .task(taskId, apiKey, mayCancel ? watch.stop : lookup)
      .catch((error: unknown) => {
        if (mayCancel && watch.stop.aborted) return undefined;
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
  throw new KnownError({
    kind: status === 'CANCELED' ? 'queryCanceled' : 'providerFailure',
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
  const bill = billed(call, objectAt(reply.body, 'usage'), 1);
  tellBill(bill, watch);
  await drivers.ledger.change(watch.jobId, { state: 'succeeded', ...bill, result });
  watch.moved('succeeded');
  return result;
}

async function finishMedia(call: CheckedCall, reply: Reply, drivers: Drivers, watch: Watch): Promise<string> {
  const produced = readProduced(call.type, reply);
  const failed = produced.task?.task_status === 'FAILED';
  const failures = failedPictures(reply);
  const noPicture = call.type.task === 'image-generation' && produced.urls.length === 0;
  if (noPicture && (failed || failures.length > 0))
    throw failedPicture({ ...failures[0], ...produced.task }, produced.requestId);
  if (!failed && produced.urls.length === 0) {
    throw new KnownError({
      kind: 'providerFailure',
      message: 'Model Studio answered without a picture or video',
      detail: `Provider request id: ${produced.requestId}.`,
    });
  }
  tellBill(billed(call, produced.usage, failed ? 0 : produced.urls.length), watch);
  if (failures.length > 0) watch.noted?.(fewerPictures(produced.urls.length, failures));
  return finishProduced(call, produced, drivers, watch);
}

/** Hologres' result has no place for the pictures that are missing. */
function fewerPictures(made: number, failures: Json[]): string {
  const [first] = failures;
  const reason = `${textOf(first?.code)}: ${textOf(first?.message) ?? 'no reason given'}`;
  return `ai_gen: a call gave ${made} of ${made + failures.length} pictures, the others failed and cost nothing (${reason})`;
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
  const state = failed ? 'failed' : 'succeeded';
  await drivers.ledger.change(watch.jobId, {
    state,
    providerRequestId: produced.requestId,
    ...billed(call, produced.usage, failed ? 0 : produced.urls.length),
    outputs: produced.urls.map((url, index) => ({ url, ossPath: ossPaths[index] })),
    result,
  });
  watch.moved(state);
  return result;
}

/** What the ledger keeps of the bill; `made` is the number of pictures or videos, because failures are free. */
function billed(call: CheckedCall, usage: Json, made: number) {
  const units = unitsOf(call, usage, made);
  const cost = costOf(call, units);
  return { usage, units, price: cost?.amount, currency: cost?.currency };
}

function tellBill({ price, currency }: ReturnType<typeof billed>, watch: Watch): void {
  if (price !== undefined && currency !== undefined) watch.billed?.({ amount: price, currency });
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
    ...billed(call, produced.usage, produced.urls.length),
    outputs,
  });
  const place = { output, right: requireRight(call.file?.right, 'output_dir') };
  const facts = { model: call.model, jobId: watch.jobId };
  return saveOutputs(produced.urls, produced.requestId, place, facts, drivers).catch((error: unknown) => {
    throw withAddress(error, watch.jobId);
  });
}

/** What could not be saved is paid for all the same: its user must learn where it is. */
function withAddress(error: unknown, jobId: string): unknown {
  if (!(error instanceof KnownError)) return error;
  const kept = `The result is made and paid for: for 24 hours it is at the address in hologen.jobs, job ${jobId}.`;
  const { kind, message, detail, hint, retryable } = error;
  return new KnownError({
    ...{ kind, message, detail, retryable },
    hint: hint ? `${hint} ${kept}` : kept,
    cause: error,
  });
}

/** Hologres has no JSON form of a failed picture: it is an SQL error, whatever way the provider made it. */
function failedPicture(task: Json, requestId: string): ProviderError {
  const code = textOf(task.code) ?? 'unknown';
  const reason = textOf(task.message) ?? 'no reason given';
  return failedTask(code, `Model Studio could not make the picture: ${code}: ${reason}`, requestId);
}
