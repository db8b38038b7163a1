/** The fault run: random faults at every step of random statements. What the provider billed is in the ledger, at its place, and nobody else's; nothing is billed twice. */
import { connect as netConnect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isProvable, type Wanted } from '../calls/crash-calls.js';
import { connect } from '../calls/crash-run.js';
import { createChaos, type Taken } from './fault-proxy.js';
import { runOnce, type Schedule, scheduleOf } from './schedules.js';
import { startWorld, type World } from './world.js';

const count = Number(process.env.HOLOGEN_SCHEDULES ?? 300);
const seed = Number(process.env.HOLOGEN_SEED ?? 20_261_128);
const first = Number(process.env.HOLOGEN_FIRST_SCHEDULE ?? 0);
const atOnce = 40;

const chaos = createChaos(seed);
let world: World;
beforeAll(async () => {
  world = await startWorld(chaos);
});
afterAll(() => world?.close());

test(
  `${count} schedules of faults (seed ${seed}): nothing billed is lost, nothing is billed twice, no row has another's result`,
  async () => {
    const started = Date.now();
    const schedules = Array.from({ length: count }, (_, index) => scheduleOf(first + index, chaos));
    const results = new Map<string, string>();
    const over = new AbortController();
    const strikes = world.strike(chaos, over.signal);
    await inTurns(schedules, atOnce, async (schedule) => {
      for (const [word, result] of await untilDone(schedule)) results.set(word, result);
    });
    over.abort();
    const struck = await strikes;
    chaos.end();
    const client = await connect(world.dataDir);
    await expect.poll(() => openJobs(client), { timeout: 120_000 }).toEqual([]);
    const found = (
      await Promise.all(schedules.map((schedule) => breaches(client, schedule, results)))
    ).flat();
    await client.end();
    const calls = schedules.reduce((sum, schedule) => sum + schedule.calls.length, 0);
    const told = [...struck, ...chaos.happened].map(([what, times]) => `${times} × ${what}`).join(', ');
    console.log(
      `${count} schedules, ${calls} calls, seed ${seed}, ${Math.round((Date.now() - started) / 1000)} s: ${told}`,
    );
    expect(found).toEqual([]);
  },
  24 * 3_600_000,
);

/** As a person does: again and again until it works. An error that is our own mistake ends it. */
async function untilDone(schedule: Schedule): Promise<Map<string, string>> {
  const giveUpAt = Date.now() + 300_000;
  for (let run = 0; ; run++) {
    const client = await connect(world.dataDir).catch(() => undefined);
    try {
      if (client) return await orGiveUp(client, schedule, run);
    } catch (error) {
      if ((error as pg.DatabaseError).code === 'XX000')
        throw new Error(`schedule ${schedule.number} of seed ${seed}`, { cause: error });
      if (Date.now() > giveUpAt)
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
    return await runOnce(client, schedule);
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
}

async function breaches(
  client: pg.Client,
  schedule: Schedule,
  results: Map<string, string>,
): Promise<string[]> {
  const found: string[] = [];
  for (const call of schedule.calls) {
    const { rows } = await client.query<Job>(
      `SELECT state, task_id, price, estimated_price, outputs FROM hologen.jobs WHERE strpos(request #>> '{}', $1) > 0`,
      [call.word],
    );
    for (const breach of await breachesOf(call, rows, results.get(call.word)))
      found.push(
        `${call.word}${call.kind.type} ${schedule.form} ${breach}; jobs ${rows.map(({ state }) => state)} (seed ${seed})`,
      );
  }
  return found;
}

async function breachesOf(
  { word, kind, saved }: Wanted,
  jobs: Job[],
  result: string | undefined,
): Promise<string[]> {
  const taken = world.taken.filter((each) => each.word === word);
  const succeeded = jobs.filter(({ state }) => state === 'succeeded');
  const unanswered = jobs.filter(({ state }) => state === 'unanswered').length;
  const billed = (await Promise.all(taken.map(isBilled))).filter(Boolean).length;
  const found: string[] = [];
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
  if (saved && !(await isSaved(succeeded[0]))) found.push('not at its place');
  return found;
}

/** A task that was cancelled in time costs nothing. */
async function isBilled({ taskId }: Taken): Promise<boolean> {
  if (!taskId) return true;
  const headers = { authorization: 'Bearer sk-test' };
  const answer = await fetch(`${world.cloud.studio.url}/api/v1/tasks/${taskId}`, { headers });
  const { output } = (await answer.json()) as { output: { task_status: string } };
  return output.task_status !== 'CANCELED';
}

async function isSaved(job: Job | undefined): Promise<boolean> {
  const [output] = job?.outputs ?? [];
  const object = await world.cloud.store.read('bucket', `${output?.ossPath}`.replace('oss://bucket/', ''));
  if (!object || !output) return false;
  const made = Buffer.from(await (await fetch(output.url)).arrayBuffer());
  return object.equals(made);
}
