/** Tasks of Model Studio: what their status words mean, and which one a submit became whose answer was lost. */
import { KnownError } from '../../errors.js';
import { isObject, type Json, objectAt, textOf } from '../../json.js';
import type { Found, Look, LostSubmit, ProviderFailure } from '../provider.js';
import type { ListedTask, ModelStudioClient } from './client.js';
import type { Reply } from './connection.js';
import { unansweredCall } from './errors.js';
import type { StudioRequest } from './family.js';

/**
 * FAILED is a result of its own for videos. UNKNOWN is no last word: the provider says it of tasks that it forgot, and sometimes of one that
 * it has just taken. A word that we do not know means that the task goes on.
 */
export function readLook(reply: Reply, taskId: string, request: StudioRequest): Look {
  const status = statusOf(reply);
  switch (status) {
    case 'UNKNOWN':
      return { state: 'forgotten', error: endedTask(reply, taskId, false) };
    case 'CANCELED':
      return { state: 'cancelled', error: endedTask(reply, taskId, true) };
    case 'SUCCEEDED':
    case 'FAILED':
      return lastWord(reply, request);
    default:
      return { state: 'goes on' };
  }
}

function statusOf(reply: Reply): string | undefined {
  return textOf(objectAt(reply.body, 'output').task_status);
}

function lastWord(reply: Reply, request: StudioRequest): Look {
  try {
    return { state: 'made', made: request.read(reply) };
  } catch (error) {
    if (error instanceof KnownError) return { state: 'failed', error };
    throw error;
  }
}

function endedTask({ requestId }: Reply, taskId: string, cancelled: boolean): KnownError {
  return new KnownError({
    kind: cancelled ? 'queryCanceled' : 'providerFailure',
    message: cancelled
      ? `task ${taskId} was cancelled at the provider`
      : `the provider does not know task ${taskId} (any more)`,
    detail: `Provider request id: ${requestId}.`,
    hint: 'Tasks and their results are kept for 24 hours.',
  });
}

/** Between our clock and the provider's, as far as that is not known, and the time a submit takes. */
const clockDoubtMs = 5_000;
const longestSubmitMs = 60_000;
/** A list spans a day at most. */
const mostClockAheadMs = 12 * 3_600_000;
/** What has not turned up in the list so long after it was sent was not taken. */
const listedAfterMs = 8_000;
/** Another gateway on the same account has written down its own task within this time. */
const writtenWithinMs = 3_000;

/** What finding a lost submit needs to know of its surroundings. */
export interface Neighbours {
  /** Task ids that are written down, among these. */
  knownTasks(taskIds: string[]): Promise<Set<string>>;
  /** How many gateways use the account. */
  gateways(): number;
  pauseMs(runningMs: number): number;
}

export interface SearchedTask extends LostSubmit {
  modelType: string;
  apiKey: string;
  request: StudioRequest;
}

/**
 * The task that an asynchronous submit became. The account may be used by others too, so a task is taken for the submit's own by proof alone:
 * its request id, or, of those that nobody has written down, the prompt that it tells when it has ended. A task tells no other input, so where
 * there is one (pictures, videos, a negative prompt) the prompt proves nothing. Where no task can be proved to be its own, the call is lost.
 */
export async function findTask(
  search: SearchedTask,
  client: ModelStudioClient,
  { knownTasks, gateways }: Neighbours,
): Promise<Found> {
  const { sentAt, requestId, request, apiKey } = search;
  const lost: Found = { state: 'lost', error: lostForGood(request, search.modelType) };
  const sent = provableInput(request);
  if (!sentAt || !(requestId || sent)) return lost;
  const listed = await listAround(sentAt, search, client);
  const own = requestId ? listed.find((task) => task.requestId === requestId) : undefined;
  if (own) return { state: 'found', task: own };
  const agedMs = Date.now() - sentAt.getTime();
  if (!sent) return agedMs < listedAfterMs ? { state: 'goes on' } : lost;
  // Another gateway on the account writes down its own tasks within a moment.
  if (gateways() > 1 && agedMs < writtenWithinMs) return { state: 'goes on' };
  const known = await knownTasks(listed.map((task) => task.taskId));
  const strangers = listed.filter((task) => !known.has(task.taskId));
  const proofs = await Promise.all(strangers.map((task) => proofOf(task, sent, client, apiKey)));
  const proved = strangers.filter((_task, index) => proofs[index] === 'its own');
  if (proofs.includes('not yet') || (proved.length === 0 && agedMs < listedAfterMs))
    return { state: 'goes on' };
  const [task] = proved;
  // Of two that ask for the same nobody can say which is whose.
  return task && proved.length === 1 ? { state: 'found', task } : lost;
}

async function listAround(
  sentAt: Date,
  { modelType, apiKey }: SearchedTask,
  client: ModelStudioClient,
): Promise<ListedTask[]> {
  const ahead = client.clockAheadMs();
  const list = ({ from, to }: { from: Date; to: Date }) =>
    client.listTasks(modelType, from, to, apiKey, new AbortController().signal);
  const listed = await list(spanOf(sentAt, ahead));
  // The first answer of a gateway that has just started tells the provider's clock.
  const known = client.clockAheadMs();
  return Math.abs(known - ahead) < clockDoubtMs ? listed : list(spanOf(sentAt, known));
}

/** By the provider's clock, which the list counts by, and by ours: who tells the time may be somebody between us. */
function spanOf(sentAt: Date, clockAheadMs: number): { from: Date; to: Date } {
  const ahead = Math.abs(clockAheadMs) < mostClockAheadMs ? clockAheadMs : 0;
  return {
    from: new Date(sentAt.getTime() + Math.min(ahead, 0) - clockDoubtMs),
    to: new Date(sentAt.getTime() + Math.max(ahead, 0) + longestSubmitMs),
  };
}

/** What was asked for, as far as a task tells it when it has ended. */
interface ProvableInput {
  prompt: string;
  parameters: Json;
}

/** Undefined: its tasks do not tell all that went in. A type that is asked in messages tells no prompt. */
function provableInput(request: StudioRequest): ProvableInput | undefined {
  const body = request.body([]);
  const { prompt, ...others } = objectAt(body, 'input');
  const text = textOf(prompt);
  if (text === undefined || Object.keys(others).length > 0) return undefined;
  return { prompt: text, parameters: objectAt(body, 'parameters') };
}

type Proof = 'its own' | "another's" | 'not yet';

/** A task tells its prompt only when it has succeeded; some types never do. */
async function proofOf(
  { taskId }: ListedTask,
  sent: ProvableInput,
  client: ModelStudioClient,
  apiKey: string,
): Promise<Proof> {
  const reply = await client.task(taskId, apiKey, new AbortController().signal);
  const status = statusOf(reply);
  if (status === 'SUCCEEDED')
    return promptOf(reply) === sent.prompt && !tellsOther(reply, sent) ? 'its own' : "another's";
  return status === 'FAILED' || status === 'CANCELED' ? "another's" : 'not yet';
}

function promptOf(reply: Reply): string | undefined {
  const output = objectAt(reply.body, 'output');
  const [first] = Array.isArray(output.results) ? output.results.filter(isObject) : [];
  return textOf(output.orig_prompt) ?? textOf(first?.orig_prompt);
}

/** It was made in another size or length than was asked for. No request has to say them, and usage tells what it likes, each type in its words. */
function tellsOther(reply: Reply, { parameters }: ProvableInput): boolean {
  const usage = objectAt(reply.body, 'usage');
  const height = /^\d+/.exec(String(usage.SR ?? ''))?.[0];
  const told: [unknown, string | undefined][] = [
    [parameters.size, [usage.size, usage.video_ratio].map(textOf).find((text) => text?.includes('*'))],
    [parameters.resolution, height && `${height}P`],
    [parameters.ratio, textOf(usage.ratio)],
  ];
  const seconds = Number(usage.output_video_duration ?? usage.video_duration ?? usage.duration);
  const asked = Number(parameters.duration);
  return (
    told.some(([wanted, made]) => textOf(wanted) !== undefined && made !== undefined && made !== wanted) ||
    // Below zero the length was left to the model.
    (asked > 0 && seconds > 0 && Math.round(seconds) !== Math.round(asked))
  );
}

/** The gateway that sent it ended before it had the answer. */
export function lostForGood(request: StudioRequest, modelType: string): ProviderFailure {
  return unansweredCall(
    request.followed
      ? 'the answer to the call was lost; the task list of Model Studio does not tell for certain whether it was taken and billed'
      : `the gateway ended while Model Studio worked on the call; type ${modelType} cannot be asked for it again, and it may have been billed`,
  );
}
