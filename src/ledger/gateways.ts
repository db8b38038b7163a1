/** The gateways of one engine: each holds a lock as long as it lives; who finds another's lock free takes over what that one left. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import type { EngineAddress } from '../engine/address.js';
import { clientOptions } from '../engine/pool.js';

export interface GatewayEvents {
  /** These gateways are gone for good; their jobs are nobody's. Nobody else takes them over until this resolves. */
  gone(gatewayIds: string[]): Promise<void>;
  /** Somebody on another gateway wants this job cancelled. */
  cancel(jobId: string): void;
  /** So many gateways live, this one included. */
  counted(gateways: number): void;
}

export interface Gateways {
  /** From now on events are told. Resolves after the first look, which takes over at once what was left before. */
  watch(events: GatewayEvents): Promise<void>;
  close(): Promise<void>;
}

/** Any number will do, as long as every gateway takes the same. */
const lockClass = 7_465_164;
const lookEveryMs = 3_000;
/** A gateway whose connection broke comes back within this time: until then a free lock says nothing. */
const looksBeforeTakeover = 3;
export const cancelChannel = 'hologen_cancel';

const findOthers = `
  SELECT gateway_id AS id FROM hologen_internal.gateway WHERE gateway_id NOT IN ($1, 'embedded')
  UNION SELECT gateway_id FROM hologen.job WHERE state IN ('submitted', 'running', 'saving') AND gateway_id <> $1`;
const countLive = `
  SELECT count(*)::int AS live FROM pg_locks JOIN pg_database d ON d.oid = pg_locks.database
  WHERE locktype = 'advisory' AND classid = ${lockClass} AND objsubid = 2 AND granted AND d.datname = current_database()`;
const lockOf = `(${lockClass}, hashtext($1))`;

/** Enters the circle under this id. The connection that holds the lock is made anew when it breaks. */
export async function joinGateways(address: EngineAddress, id: string, log: Logger): Promise<Gateways> {
  const closing = new AbortController();
  const freeLooks = new Map<string, number>();
  let client = await enter();
  let events: GatewayEvents | undefined;
  let watching: Promise<unknown> = Promise.resolve();

  async function enter(): Promise<pg.Client> {
    const entering = new pg.Client({ ...clientOptions(address), keepAlive: true });
    entering.on('error', () => {});
    entering.on('notification', ({ payload }) => events?.cancel(payload ?? ''));
    await entering.connect();
    await entering.query(`SELECT pg_advisory_lock${lockOf}`, [id]);
    await entering.query(`LISTEN ${cancelChannel}`);
    return entering;
  }

  /** Locks what is free; a lock of somebody who may come back is given up again. */
  async function look(looksNeeded: number): Promise<void> {
    const { rows } = await client.query<{ id: string }>(findOthers, [id]);
    const gone: string[] = [];
    for (const other of rows) {
      const locked = await client.query<{ got: boolean }>(`SELECT pg_try_advisory_lock${lockOf} AS got`, [
        other.id,
      ]);
      const looks = locked.rows[0]?.got ? (freeLooks.get(other.id) ?? 0) + 1 : 0;
      freeLooks.set(other.id, looks);
      if (looks >= looksNeeded) gone.push(other.id);
      else if (looks > 0) await unlock(other.id);
    }
    if (gone.length > 0) await takeOver(gone);
    const { rows: counts } = await client.query<{ live: number }>(countLive);
    events?.counted(Math.max(counts[0]?.live ?? 1, 1));
  }

  async function takeOver(gone: string[]): Promise<void> {
    log.warn({ gateways: gone }, 'what gateways that are gone have left is taken over');
    try {
      await events?.gone(gone);
      await client.query('DELETE FROM hologen_internal.gateway WHERE gateway_id = ANY ($1)', [gone]);
    } finally {
      for (const each of gone) {
        freeLooks.delete(each);
        await unlock(each);
      }
    }
  }

  const unlock = (other: string) => client.query(`SELECT pg_advisory_unlock${lockOf}`, [other]);

  async function keepLooking(): Promise<void> {
    const { signal } = closing;
    for (;;) {
      await delay(lookEveryMs, undefined, { signal });
      try {
        await look(looksBeforeTakeover);
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ err: error }, 'the connection that tells other gateways of this one is made anew');
        // What was free before the engine went away tells nothing of now.
        freeLooks.clear();
        await client.end().catch(() => {});
        const again = await enter().catch(() => undefined);
        if (again) client = again;
      }
    }
  }

  return {
    async watch(told) {
      events = told;
      await look(1);
      watching = keepLooking().catch(() => {});
    },
    async close() {
      closing.abort();
      await watching;
      await client.query('DELETE FROM hologen_internal.gateway WHERE gateway_id = $1', [id]).catch(() => {});
      await client.end().catch(() => {});
    },
  };
}
