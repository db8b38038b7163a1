/** Where schedules run: a cloud behind a proxy that breaks things, gateway processes that are killed, started wrongly and started again. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import {
  connect,
  type GatewayProcess,
  newDirectory,
  type OutlivingCloud,
  spawnGateway,
  startOutlivingCloud,
} from '../calls/crash-run.js';
import { type DebianPostgres, startDebianPostgres } from '../debian-postgres.js';
import type { Chaos } from './chaos.js';
import { poolKeys, startFaultProxy, type Taken, wrongKey } from './fault-proxy.js';
import type { RefusedInputs } from './refused-inputs.js';
import { allKinds, carefulFunction } from './schedules.js';

export interface World {
  cloud: OutlivingCloud;
  /** What the provider took, and bills if it came to something. */
  taken: Taken[];
  inputs: RefusedInputs;
  /** A client of any of the gateways. */
  connect(): Promise<pg.Client>;
  /** Strikes gateways and engine at random moments until the signal aborts; then gateways with the right settings serve. */
  strike(chaos: Chaos, signal: AbortSignal): Promise<Map<string, number>>;
  close(): Promise<void>;
}

/** A gateway's place, and the process that serves it now. */
interface Place {
  dataDir: string;
  gateway: GatewayProcess;
}

export interface WorldForm {
  gateways: 1 | 2;
  /** Its models have two keys each. */
  pools: boolean;
}

/** One gateway has an engine of its own, two share one. */
export async function startWorld(chaos: Chaos, { gateways, pools }: WorldForm): Promise<World> {
  const cloud = await startOutlivingCloud({ imageMs: 200, videoMs: 400, textMs: 100 });
  const proxy = await startFaultProxy(cloud.studio.url, chaos);
  breakStore(cloud, chaos);
  const engine = gateways === 2 ? await startDebianPostgres() : undefined;
  const right = {
    ...cloud.environment,
    DASHSCOPE_HTTP_BASE_URL: `${proxy.url}/api/v1`,
    HOLOGEN_LOOK_MS: '100',
    HOLOGEN_LOG_LEVEL: 'error',
    ...(engine && { HOLOGEN_ENGINE_URL: engine.url, HOLOGEN_SECRET_KEY: 'of both gateways of one engine' }),
  };
  const places: Place[] = [];
  for (let count = 0; count < gateways; count++) {
    const dataDir = await newDirectory();
    places.push({ dataDir, gateway: await serve(dataDir, right) });
  }
  await deployKinds(places[0]?.dataDir ?? '', pools);
  let turn = 0;
  return {
    ...{ cloud, taken: proxy.taken, inputs: proxy.inputs },
    connect: () => connect(places[turn++ % places.length]?.dataDir ?? ''),
    strike: ({ number }, signal) => strike(number, signal, places, strikes(right, engine)),
    async close() {
      for (const { gateway } of places) await kill(gateway);
      await engine?.close();
      await Promise.all([proxy.close(), cloud.close()]);
      for (const { dataDir } of places) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function kill({ child, ended }: GatewayProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

type Strike = (place: Place) => Promise<void>;

function strikes(right: NodeJS.ProcessEnv, engine: DebianPostgres | undefined): Record<string, Strike> {
  const restart = async (place: Place, environment = right) => {
    await kill(place.gateway);
    place.gateway = await serve(place.dataDir, environment);
  };
  const wrongly = async (place: Place, settings: NodeJS.ProcessEnv) => {
    await restart(place, { ...right, ...settings });
    await delay(700);
    await restart(place);
  };
  return {
    'kill -9 of a gateway': (place) => restart(place),
    'a start with a wrong key': (place) => wrongly(place, { DASHSCOPE_API_KEY: wrongKey }),
    'a start without the allowed roles': (place) =>
      wrongly(place, { HOLOGEN_ALLOWED_ROLES: 'acs:ram::1:role/none' }),
    ...(engine
      ? {
          'a restart of the engine': async () => {
            await engine.stop();
            await engine.start();
          },
        }
      : { 'kill -9 of the engine': ({ dataDir }) => killEngine(dataDir) }),
  };
}

/** HOLOGEN_STRIKES=often: as often as a machine can start again, which finds what needs two strikes close together. */
const [leastPauseMs, morePauseMs] = process.env.HOLOGEN_STRIKES === 'often' ? [300, 1500] : [1500, 4000];

async function strike(
  number: Chaos['number'],
  signal: AbortSignal,
  places: Place[],
  strikes: Record<string, Strike>,
): Promise<Map<string, number>> {
  const happened = new Map<string, number>();
  const names = Object.keys(strikes);
  for (let nth = 0; !signal.aborted; nth++) {
    await delay(leastPauseMs + number(`pause ${nth}`) * morePauseMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    const name = names[Math.floor(number(`strike ${nth}`) * names.length)] as string;
    const place = places[Math.floor(number(`place ${nth}`) * places.length)] as Place;
    await strikes[name]?.(place);
    happened.set(name, (happened.get(name) ?? 0) + 1);
  }
  return happened;
}

async function serve(dataDir: string, environment: NodeJS.ProcessEnv): Promise<GatewayProcess> {
  const gateway = spawnGateway(dataDir, environment);
  if (!(await gateway.ready)) throw new Error(`the gateway did not start: ${gateway.printed()}`);
  return gateway;
}

async function deployKinds(dataDir: string, pools: boolean): Promise<void> {
  const client = await connect(dataDir);
  await client.query(carefulFunction);
  // Both are taken: the first one has room for a few calls at a time.
  const limits = { submits_per_second: 1000, concurrent_tasks: pools ? 3 : null };
  const pool = poolKeys.map((api_key) => ({ name: api_key.replace('sk-pool-', ''), api_key }));
  for (const { model, type, task } of allKinds)
    await client.query("CALL register_external_model($1, $2, 'bailian', $3, $4)", [
      model,
      type,
      JSON.stringify({ ...limits, ...(pools && { pool }) }),
      task,
    ]);
  await client.end();
}

/** Refused, busy, answers lost: each object a few times at most. */
function breakStore({ store }: OutlivingCloud, chaos: Chaos): void {
  const expired = { status: 403, code: 'AccessDenied', message: 'Request has expired.' };
  const answers = ['forbidden', 'unavailable', 'lost-answer', expired] as const;
  const draws = new Map<string, number | undefined>();
  for (const [index, answer] of answers.entries())
    store.faults.add({
      answer,
      times: 1e9,
      when: ({ operation, key }) => {
        const step = storeStep(operation, key);
        if (!step) return false;
        // Asked once for each answer there could be: the first asks for a draw, the others take it.
        if (index === 0) draws.set(`${step} ${key}`, chaos.strikes(step, key));
        const drawn = draws.get(`${step} ${key}`);
        const strikes = drawn !== undefined && Math.floor(drawn * answers.length) === index;
        if (strikes) chaos.note(`${step} ${typeof answer === 'string' ? answer : 'expired'}`);
        return strikes;
      },
    });
}

/** Undefined: it is left alone. That a film fails whose picture cannot be fetched is the provider's last word. */
function storeStep(operation: string, key: string) {
  if (operation === 'PutObject' && /\.(png|mp4)$/.test(key)) return 'put';
  if (!key.startsWith('in/')) return undefined;
  if (operation === 'HeadObject') return 'input look';
  return operation === 'GetObject' ? 'input fetch' : undefined;
}

async function killEngine(dataDir: string): Promise<void> {
  const file = await readFile(join(dataDir, 'engine', 'cluster', 'postmaster.pid'), 'utf8').catch(() => '');
  const processId = Number(file.split('\n')[0]);
  // One that has ended leaves its file behind until the next is started.
  const name = await readFile(`/proc/${processId}/comm`, 'utf8').catch(() => '');
  if (name.trim() === 'postgres') process.kill(processId, 'SIGKILL');
}
