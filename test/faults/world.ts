/** Where schedules run: a cloud behind a proxy that breaks things, a gateway process that is killed, started wrongly and started again. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { kinds } from '../calls/crash-calls.js';
import {
  connect,
  type GatewayProcess,
  newDirectory,
  type OutlivingCloud,
  spawnGateway,
  startOutlivingCloud,
} from '../calls/crash-run.js';
import { type Chaos, startFaultProxy, type Taken } from './fault-proxy.js';

export interface World {
  dataDir: string;
  cloud: OutlivingCloud;
  /** What the provider took, and bills if it came to something. */
  taken: Taken[];
  /** Strikes the gateway or the engine at random moments until the signal aborts; then a gateway with the right settings serves. */
  strike(chaos: Chaos, signal: AbortSignal): Promise<Map<string, number>>;
  close(): Promise<void>;
}

export async function startWorld(chaos: Chaos): Promise<World> {
  const dataDir = await newDirectory();
  const cloud = await startOutlivingCloud({ imageMs: 200, videoMs: 400, textMs: 100 });
  const proxy = await startFaultProxy(cloud.studio.url, chaos);
  breakStore(cloud, chaos);
  const right = {
    ...cloud.environment,
    DASHSCOPE_HTTP_BASE_URL: `${proxy.url}/api/v1`,
    HOLOGEN_LOOK_MS: '100',
    HOLOGEN_LOG_LEVEL: 'error',
  };
  let gateway = await serve(dataDir, right);
  await deployKinds(dataDir);
  const kill = async () => {
    gateway.child.kill('SIGKILL');
    await gateway.ended;
  };
  const restart = async (environment: NodeJS.ProcessEnv = right) => {
    await kill();
    gateway = await serve(dataDir, environment);
  };
  const strikes: Record<string, () => Promise<void>> = {
    'kill -9 of the gateway': () => restart(),
    'kill -9 of the engine': () => killEngine(dataDir),
    'a start with a wrong key': () =>
      restart({ ...right, DASHSCOPE_API_KEY: 'sk-wrong' })
        .then(() => delay(700))
        .then(() => restart()),
    'a start without the allowed roles': () =>
      restart({ ...right, HOLOGEN_ALLOWED_ROLES: 'acs:ram::1:role/none' })
        .then(() => delay(700))
        .then(() => restart()),
  };
  return {
    ...{ dataDir, cloud, taken: proxy.taken },
    async strike({ number }, signal) {
      const happened = new Map<string, number>();
      for (let nth = 0; !signal.aborted; nth++) {
        await delay(1500 + number(`pause ${nth}`) * 4000, undefined, { signal }).catch(() => {});
        if (signal.aborted) break;
        const names = Object.keys(strikes);
        const name = names[Math.floor(number(`strike ${nth}`) * names.length)] as string;
        await strikes[name]?.();
        happened.set(name, (happened.get(name) ?? 0) + 1);
      }
      return happened;
    },
    async close() {
      await kill();
      await Promise.all([proxy.close(), cloud.close()]);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function serve(dataDir: string, environment: NodeJS.ProcessEnv): Promise<GatewayProcess> {
  const gateway = spawnGateway(dataDir, environment);
  if (!(await gateway.ready)) throw new Error(`the gateway did not start: ${gateway.printed()}`);
  return gateway;
}

async function deployKinds(dataDir: string): Promise<void> {
  const client = await connect(dataDir);
  for (const { model, type, task } of kinds)
    await client.query("CALL register_external_model($1, $2, 'bailian', $3, $4)", [
      model,
      type,
      JSON.stringify({ submits_per_second: 1000, concurrent_tasks: null }),
      task,
    ]);
  await client.end();
}

/** Refused, busy, answers lost: each object a few times at most. */
function breakStore({ store }: OutlivingCloud, chaos: Chaos): void {
  const answers = ['forbidden', 'unavailable', 'lost-answer'] as const;
  const draws = new Map<string, number | undefined>();
  for (const [index, answer] of answers.entries())
    store.faults.add({
      answer,
      times: 1e9,
      when: ({ operation, key }) => {
        if (operation !== 'PutObject' || (!key.endsWith('.png') && !key.endsWith('.mp4'))) return false;
        // Asked once for each answer there could be: the first asks for a draw, the others take it.
        if (index === 0) draws.set(key, chaos.strikes('put', key));
        const drawn = draws.get(key);
        const strikes = drawn !== undefined && Math.floor(drawn * answers.length) === index;
        if (strikes) chaos.note(`put ${answer}`);
        return strikes;
      },
    });
}

async function killEngine(dataDir: string): Promise<void> {
  const file = await readFile(join(dataDir, 'engine', 'cluster', 'postmaster.pid'), 'utf8').catch(() => '');
  const processId = Number(file.split('\n')[0]);
  if (processId > 0) process.kill(processId, 'SIGKILL');
}
