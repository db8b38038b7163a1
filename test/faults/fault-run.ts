/** Runs schedules in a world and compares what the provider billed with what the ledger and the clients have. */
import { connect as netConnect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { expect } from 'vitest';
import { drawPicture } from '../../sandbox/media/pictures.js';
import { inputOf, isProvable, type Wanted } from '../calls/crash-calls.js';
import { type Chaos, createChaos } from './chaos.js';
import type { Taken } from './fault-proxy.js';
import { runOnce, type Schedule, scheduleOf } from './schedules.js';
import { startWorld, type World, type WorldForm } from './world.js';

export interface FaultRun extends WorldForm {
  seed: number;
  count: number;
  /** The number of the first schedule: to run one again alone. */
  first: number;
}

interface Running extends FaultRun {
  world: World;
  chaos: Chaos;
  /** Ends the strikes. */
  calm: AbortController;
}

const atOnce = 40;

/** Every breach of what is promised, each with what is needed to see it again; and a line that says what happened. */
export async function runFaults(given: FaultRun): Promise<{ breaches: string[]; told: string }> {
  const { seed, count, first } = given;
  const chaos = createChaos(seed);
  const world = await startWorld(chaos, given);
  const run: Running = { ...given, world, chaos, calm: new AbortController() };
  try {
    const started = Date.now();
    const schedules = Array.from({ length: count }, (_, index) => scheduleOf(first + index, chaos));
    await putInputs(schedules, world);
    const results = new Map<string, string>();
    const strikes = world.strike(chaos, run.calm.signal);
    await inTurns(schedules, atOnce, async (schedule) => {
      for (const [word, result] of await untilDone(schedule, run)) results.set(word, result);
    });
    run.calm.abort();
    const struck = await strikes;
    chaos.end();
    const client = await world.connect();
    await expect.poll(() => openJobs(client), { timeout: 120_000 }).toEqual([]);
    const found = await Promise.all(schedules.map((schedule) => breaches(client, schedule, results, run)));
    await client.end();
    const calls = schedules.reduce((sum, schedule) => sum + schedule.calls.length, 0);
    const caught = schedules.reduce((sum, schedule) => sum + schedule.caught, 0);
    const what = [...struck, ['a caught cancel', caught] as const, ...chaos.happened]
      .map(([name, times]) => `${times} × ${name}`)
      .join(', ');
    const seconds = Math.round((Date.now() - started) / 1000);
    return {
      breaches: found.flat(),
      told: `${count} schedules, ${calls} calls, seed ${seed}, ${seconds} s: ${what}`,
    };
  } finally {
    await world.close();
  }
}

/** The pictures that calls are made of. */
async function putInputs(schedules: Schedule[], { cloud }: World): Promise<void> {
  const picture = await drawPicture({
    width: 512,
    height: 512,
    title: 'input',
    prompt: 'a lake',
    references: [],
    seed: 1,
  });
  for (const call of schedules.flatMap(({ calls }) => calls)) {
    const key = inputOf(call);
    if (key) await cloud.store.put('bucket', key, picture);
  }
}

const patienceMs = 300_000;
const runsInCalm = 20;

/**
 * As a person does: again and again until it works. An error that is our own mistake ends it. On a machine that is slow, strikes may come
 * faster than anything can end: they end before it is said that a schedule does not, and then it has so many runs, however long they take.
 */
async function untilDone(schedule: Schedule, { world, seed, calm }: Running): Promise<Map<string, string>> {
  const begun = Date.now();
  for (let run = 0, calmRuns = 0; ; run++) {
    if (calm.signal.aborted) calmRuns += 1;
    const client = await world.connect().catch(() => undefined);
    try {
      if (client) return await orGiveUp(client, schedule, run);
    } catch (error) {
      if ((error as pg.DatabaseError).code === 'XX000')
        throw new Error(`schedule ${schedule.number} of seed ${seed}`, { cause: error });
      if (Date.now() > begun + patienceMs) calm.abort();
      if (calmRuns > runsInCalm && Date.now() > begun + 2 * patienceMs)
        throw new Error(`schedule ${schedule.number} of seed ${seed} does not end`, { cause: error });
    } finally {
      await client?.end().catch(() => {});
    }
    await delay(100);
  }
}

async function orGiveUp(client: pg.Client, schedule: Schedule, run: number): Promise<Map<string, string>> {
  const { givesUpAfter } = schedule;
  const timer =
    run === 0 && givesUpAfter !== undefined ? setTimeout(() => cancel(client), givesUpAfter) : undefined;
  try {
    return await runOnce(client, schedule, run);
  } finally {
    clearTimeout(timer);
  }
}

/** As psql sends on Ctrl-C. */
function cancel(client: pg.Client): void {
  const { host, port } = client;
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const packet = Buffer.alloc(16);
  for (const [index, value] of [16, 80_877_102, processID, secretKey].entries())
    packet.writeInt32BE(value, 4 * index);
  netConnect(port, host)
    .on('error', () => {})
    .resume()
    .end(packet);
}

async function inTurns<T>(all: T[], atOnce: number, work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function openJobs(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT state || ' ' || (request #>> '{}') || ' ' || coalesce(hold_up ->> 'message', '') AS job FROM hologen.jobs
     WHERE state IN ('submitted', 'running', 'saving')`,
  );
  return rows.map(({ job }) => job);
}

interface Job {
  state: string;
  task_id: string | null;
  price: string | null;
  estimated_price: string | null;
  outputs: { url: string; ossPath?: string }[];
  error: { code?: string; message?: string } | null;
}

async function breaches(
  client: pg.Client,
  schedule: Schedule,
  results: Map<string, string>,
  { world, seed }: Running,
): Promise<string[]> {
  const found: string[] = [];
  for (const call of schedule.calls) {
    const { rows } = await client.query<Job>(
      `SELECT state, task_id, price, estimated_price, outputs, error FROM hologen.jobs WHERE strpos(request #>> '{}', $1) > 0`,
      [call.word],
    );
    const broken = await breachesOf(call, rows, results.get(call.word), world);
    if (broken.length > 0) console.log(await historyOf(client, call.word));
    for (const breach of broken)
      found.push(
        `${call.word}${call.kind.type} ${schedule.form} ${breach}; jobs ${rows.map(({ state }) => state)} (seed ${seed})`,
      );
  }
  return found;
}

/** What the ledger has of a call, to be read by whoever looks for the cause. */
async function historyOf(client: pg.Client, word: string): Promise<string> {
  const { rows } = await client.query(
    `SELECT to_jsonb(job) - '{request,result,file,prompt_letters,words}'::text[] AS job FROM hologen_internal.job
     WHERE strpos(request #>> '{}', $1) > 0 ORDER BY submitted_at`,
    [word],
  );
  return rows.map(({ job }) => JSON.stringify(job)).join('\n');
}

async function breachesOf(
  { word, kind, saved }: Wanted,
  jobs: Job[],
  result: string | undefined,
  world: World,
): Promise<string[]> {
  const taken = world.taken.filter((each) => each.word === word);
  const succeeded = jobs.filter(({ state }) => state === 'succeeded');
  const unanswered = jobs.filter(({ state }) => state === 'unanswered').length;
  const tasks = await Promise.all(taken.map((each) => taskOf(each, world)));
  const billed = tasks.filter(isBilled).length;
  const found = unsaid(jobs, tasks, unanswered > 0);
  if (!result) return ['no result'];
  if (succeeded.length !== 1) found.push(`${succeeded.length} jobs succeeded`);
  if (billed > 1 + (isProvable(kind) ? 0 : unanswered)) found.push(`billed ${billed} times`);
  if (billed - succeeded.length > unanswered)
    found.push(`billed ${billed}, in the ledger ${succeeded.length}`);
  for (const { price, estimated_price } of succeeded)
    if (kind.model !== 'text' && Number(price) !== Number(estimated_price)) found.push(`price ${price}`);
  if (
    kind.model === 'text'
      ? !result.includes(word)
      : !taken.some(({ taskId, requestId }) => result.includes(taskId ?? requestId))
  )
    found.push(`another's result: ${result.slice(0, 200)}`);
  const signedEarlier = 'input' in kind ? world.inputs.signedEarlier(word) : 0;
  if (signedEarlier !== 0) found.push(`sent again with the old address ${signedEarlier} times`);
  if (saved && !(await isSaved(succeeded[0], world))) found.push('not at its place');
  return found;
}

/** A task that was cancelled in time costs nothing, nor does one that failed. */
function isBilled(task: StudioTask | undefined): boolean {
  return !['CANCELED', 'FAILED'].includes(task?.task_status ?? '');
}

/** Every row that came to nothing says why; of a task that the provider failed, in the provider's words. */
function unsaid(jobs: Job[], tasks: (StudioTask | undefined)[], mayBeUnanswered: boolean): string[] {
  const silent = jobs.filter(({ state, error }) => state !== 'succeeded' && !error?.message);
  const found = silent.map(({ state }) => `${state}, and its row does not say why`);
  for (const task of tasks) {
    if (task?.task_status !== 'FAILED') continue;
    const own = jobs.filter(({ task_id: id }) => id === task.task_id);
    if (own.length === 0 && mayBeUnanswered) continue;
    const says = own.map(({ state, error }) => `${state} ${error?.code} ${error?.message}`).join(', ');
    const isSaid = own.length === 1 && own[0]?.state === 'failed' && own[0].error?.code === task.code;
    if (!isSaid || !own[0]?.error?.message?.includes(task.message))
      found.push(`the provider failed it (${task.code}: ${task.message}), the ledger has: ${says}`);
  }
  return found;
}

interface StudioTask {
  task_id: string;
  task_status: string;
  code: string;
  message: string;
}

/** As its owner is told of it. Undefined: it was answered at once. */
async function taskOf({ taskId }: Taken, world: World): Promise<StudioTask | undefined> {
  if (!taskId) return undefined;
  const headers = { authorization: 'Bearer sk-test' };
  const answer = await fetch(`${world.cloud.studio.url}/api/v1/tasks/${taskId}`, { headers });
  const told = world.inputs.inItsWords(Buffer.from(await answer.arrayBuffer()));
  return JSON.parse(told.toString()).output;
}

async function isSaved(job: Job | undefined, world: World): Promise<boolean> {
  const [output] = job?.outputs ?? [];
  const object = await world.cloud.store.read('bucket', `${output?.ossPath}`.replace('oss://bucket/', ''));
  if (!object || !output) return false;
  const made = Buffer.from(await (await fetch(output.url)).arrayBuffer());
  return object.equals(made);
}
