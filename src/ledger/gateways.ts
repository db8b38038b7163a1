/** The gateways of one engine: each holds a lock as long as it lives; who finds another's lock free takes over what that one left. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import type { EngineAddress } from '../engine/address.js';
import { clientOptions } from '../engine/pool.js';
import { countLive, lockOf } from './gateway-locks.js';
import { openStates } from './states.js';

export interface GatewayEvents {
  /** These gateways are gone for good; their jobs are nobody's. Nobody else takes them over until this resolves. */
  gone(gatewayIds: string[]): Promise<void>;
  /** Somebody says that a role on another gateway wants this job cancelled. */
  cancel(jobId: string): Promise<void>;
  /** So many gateways live, this one included. */
  counted(gateways: number): void;
}

export interface Gateways {
  /** From now on events are told. Resolves after the first look, which takes over at once what was left before. */
  watch(events: GatewayEvents): Promise<void>;
  close(): Promise<void>;
}

const lookEveryMs = 3_000;
/** A gateway whose connection broke comes back within this time: until then a free lock says nothing. */
const looksBeforeTakeover = 3;
export const cancelChannel = 'hologen_cancel';

const findOthers = `
  SELECT gateway_id AS id FROM hologen_internal.gateway WHERE gateway_id NOT IN ($1, 'embedded')
  UNION SELECT gateway_id FROM hologen_internal.job WHERE state IN (${openStates}) AND gateway_id <> $1`;
interface Circle {
  address: EngineAddress;
  id: string;
  log: Logger;
  /** Holds this gateway's lock. Opened again when it breaks. */
  client: pg.Client;
  events: GatewayEvents | undefined;
  /** How often the lock of each other gateway was found free, one look after the other. */
  freeLooks: Map<string, number>;
}

/** Enters the circle under this id. */
export async function joinGateways(address: EngineAddress, id: string, log: Logger): Promise<Gateways> {
  const told: Pick<Circle, 'events'> = { events: undefined };
  const client = await enter(address, id, told);
  const circle: Circle = Object.assign(told, { address, id, log, client, freeLooks: new Map() });
  const closing = new AbortController();
  let watching: Promise<unknown> = Promise.resolve();
  return {
    async watch(events) {
      circle.events = events;
      await look(circle, 1);
      watching = keepLooking(circle, closing.signal).catch(() => {});
    },
    async close() {
      closing.abort();
      await watching;
      await circle.client
        .query('DELETE FROM hologen_internal.gateway WHERE gateway_id = $1', [id])
        .catch(() => {});
      await circle.client.end().catch(() => {});
    },
  };
}

async function enter(address: EngineAddress, id: string, told: Pick<Circle, 'events'>): Promise<pg.Client> {
  const client = new pg.Client({ ...clientOptions(address), keepAlive: true });
  client.on('error', () => {});
  client.on('notification', ({ payload }) => {
    told.events?.cancel(payload ?? '').catch(() => {});
  });
  await client.connect();
  await client.query(`SELECT pg_advisory_lock${lockOf('$1')}`, [id]);
  await client.query(`LISTEN ${cancelChannel}`);
  return client;
}

/** Locks what is free; a lock of somebody who may come back is given up again. */
async function look(circle: Circle, looksNeeded: number): Promise<void> {
  const { client, id, freeLooks, events } = circle;
  const { rows } = await client.query<{ id: string }>(findOthers, [id]);
  const gone: string[] = [];
  for (const other of rows) {
    const locked = await client.query<{ got: boolean }>(`SELECT pg_try_advisory_lock${lockOf('$1')} AS got`, [
      other.id,
    ]);
    const looks = locked.rows[0]?.got ? (freeLooks.get(other.id) ?? 0) + 1 : 0;
    freeLooks.set(other.id, looks);
    if (looks >= looksNeeded) gone.push(other.id);
    else if (looks > 0) await unlock(circle, other.id);
  }
  if (gone.length > 0) await takeOver(circle, gone);
  const { rows: counts } = await client.query<{ live: number }>(countLive);
  events?.counted(Math.max(counts[0]?.live ?? 1, 1));
}

async function takeOver(circle: Circle, gone: string[]): Promise<void> {
  circle.log.warn({ gateways: gone }, 'what gateways that are gone have left is taken over');
  try {
    await circle.events?.gone(gone);
    await circle.client.query('DELETE FROM hologen_internal.gateway WHERE gateway_id = ANY ($1)', [gone]);
  } finally {
    for (const each of gone) {
      circle.freeLooks.delete(each);
      await unlock(circle, each);
    }
  }
}

async function unlock({ client }: Circle, other: string): Promise<void> {
  await client.query(`SELECT pg_advisory_unlock${lockOf('$1')}`, [other]);
}

async function keepLooking(circle: Circle, signal: AbortSignal): Promise<never> {
  for (;;) {
    await delay(lookEveryMs, undefined, { signal });
    try {
      await look(circle, looksBeforeTakeover);
    } catch (error) {
      signal.throwIfAborted();
      circle.log.warn({ err: error }, 'the connection that tells other gateways of this one is opened again');
      // What was free before the engine went away tells nothing of now.
      circle.freeLooks.clear();
      await circle.client.end().catch(() => {});
      const again = await enter(circle.address, circle.id, circle).catch(() => undefined);
      if (again) circle.client = again;
    }
  }
}
