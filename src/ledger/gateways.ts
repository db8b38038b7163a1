/** The gateways of one engine: each has a connection that stands for it; who finds another's gone takes over what that one left. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import type { EngineAddress } from '../engine/address.js';
import { clientOptions, type EnginePool } from '../engine/pool.js';
import {
  announceAgain,
  announcementOf,
  countLive,
  enterLiving,
  forget,
  holdCircle,
  isLive,
} from './living-gateways.js';
import { isNotifyQueueFull } from './patience.js';
import { openStates } from './states.js';

export interface GatewayEvents {
  /** These gateways are gone for good; their jobs are nobody's. Nobody else takes them over until this resolves. */
  gone(gatewayIds: string[]): Promise<void>;
  /** Somebody says that a role on another gateway wants this job cancelled. */
  cancel(jobId: string): Promise<void>;
  /** Somebody says that what is kept for all gateways has changed, such as pauses; anybody may say so. */
  news(about: string): Promise<void>;
  /** What was said lately may not have been heard: all of it is to be looked up. */
  missed(): Promise<void>;
  /** So many gateways live, this one included. */
  counted(gateways: number): void;
}

export interface Gateways {
  /** From now on events are told. Resolves after the first look, which takes over at once what was left before. */
  watch(events: GatewayEvents): Promise<void>;
  close(): Promise<void>;
}

const lookEveryMs = 3_000;
/** A gateway whose connection broke comes back within this time: until then that it is not there says nothing. */
const looksBeforeTakeover = 3;
export const cancelChannel = 'hologen_cancel';
const newsChannel = 'hologen_news';

/**
 * The engine may have lost the connection that stands for a gateway, and the gateway hear nothing of it: a look that is not answered for so long
 * has it opened again, before the others have looked so often that they take over.
 */
const answerWithinMs = 2_000;

/** Something that every gateway keeps is another from now on. */
export async function tellGateways(pool: EnginePool, news: string): Promise<void> {
  await sayOn(newsChannel, news, (text, values) => pool.query(text, values));
}

/** What is said stands in a table, too: while anybody keeps the engine's queue full, each gateway looks there. */
export async function sayOn(
  channel: string,
  word: string,
  query: (text: string, values: string[]) => Promise<unknown>,
): Promise<void> {
  await query('SELECT pg_notify($1, $2)', [channel, word]).catch((error: unknown) => {
    if (!isNotifyQueueFull(error)) throw error;
  });
}

/** Gateways but $1 that have left something and do not live; in one statement, so that all are seen at one moment. */
const findGone = `
  SELECT id FROM (
    SELECT gateway_id AS id FROM hologen_internal.gateway WHERE gateway_id <> 'embedded'
    UNION SELECT gateway_id FROM hologen_internal.living_gateway
    UNION SELECT gateway_id FROM hologen_internal.reserved
    UNION SELECT gateway_id FROM hologen_internal.job WHERE state IN (${openStates})) AS known
  WHERE id <> $1 AND NOT ${isLive('id')}`;

interface Circle {
  address: EngineAddress;
  id: string;
  log: Logger;
  /** Stands for this gateway. Opened again when it breaks. */
  client: pg.Client;
  events: GatewayEvents | undefined;
  /** How often each gateway was found gone, one look after the other. */
  goneLooks: Map<string, number>;
  /** What the engine's functions reach it by: who took it for gone has removed that. */
  announcement: Announcement | undefined;
  /** What others have said lately may not have been heard. */
  unheard: boolean;
  /** At the look before the engine's queue of what is said was nearly full. */
  wasFull: boolean;
}

interface Announcement {
  connection_string: string;
  secret: string;
}

/** Enters the circle under this id. */
export async function joinGateways(address: EngineAddress, id: string, log: Logger): Promise<Gateways> {
  const told: Pick<Circle, 'events'> = { events: undefined };
  const client = await enter(address, id, told);
  const { rows } = await client.query<Announcement>(announcementOf, [id]);
  const own = { client, goneLooks: new Map(), announcement: rows[0], unheard: false, wasFull: false };
  const circle: Circle = Object.assign(told, { address, id, log, ...own });
  const closing = new AbortController();
  let watching: Promise<unknown> = Promise.resolve();
  return {
    async watch(events) {
      circle.events = events;
      await look(circle, 1);
      await lookUpMissed(circle);
      watching = keepLooking(circle, closing.signal).catch(() => {});
    },
    async close() {
      closing.abort();
      await watching;
      for (const each of forget) await circle.client.query(each, [[id]]).catch(() => {});
      await circle.client.end().catch(() => {});
    },
  };
}

async function enter(address: EngineAddress, id: string, told: Pick<Circle, 'events'>): Promise<pg.Client> {
  const client = new pg.Client(clientOptions(address));
  client.on('error', () => {});
  client.on('notification', ({ channel, payload = '' }) => {
    const heard = channel === newsChannel ? told.events?.news : told.events?.cancel;
    heard?.(payload).catch(() => {});
  });
  await client.connect();
  try {
    await client.query(enterLiving, [id]);
    await client.query(`LISTEN ${cancelChannel}; LISTEN ${newsChannel}`);
    return client;
  } catch (error) {
    // It is tried again in a moment, by another one.
    await client.end().catch(() => {});
    throw error;
  }
}

/** Takes over from who was gone at this look and at those before, as many as are needed. */
async function look(circle: Circle, looksNeeded: number): Promise<void> {
  const { client, id, goneLooks, events } = circle;
  const { rows } = await client.query<{ id: string }>(inTime(findGone, [id]));
  const before = new Map(goneLooks);
  goneLooks.clear();
  for (const other of rows) goneLooks.set(other.id, (before.get(other.id) ?? 0) + 1);
  const gone = rows.map((other) => other.id).filter((other) => (goneLooks.get(other) ?? 0) >= looksNeeded);
  if (gone.length > 0) await takeOver(circle, gone);
  const { rows: counts } = await client.query<{ live: number; full: boolean }>(inTime(countLive));
  events?.counted(Math.max(counts[0]?.live ?? 1, 1));
  const isFull = counts[0]?.full === true;
  circle.unheard ||= isFull || circle.wasFull;
  circle.wasFull = isFull;
}

/** pg knows the limit, its types do not. */
function inTime(text: string, values: unknown[] = []): pg.QueryConfig & { query_timeout: number } {
  return { text, values, query_timeout: answerWithinMs };
}

/** On a connection of its own: the other one must go on hearing of cancelled jobs. */
async function takeOver({ address, id, log, events }: Circle, suspects: string[]): Promise<void> {
  const client = new pg.Client(clientOptions(address));
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(holdCircle);
    // Somebody else may have taken over meanwhile, or they have come back.
    const { rows } = await client.query<{ id: string }>(findGone, [id]);
    const gone = rows.map((row) => row.id).filter((each) => suspects.includes(each));
    if (gone.length === 0) return;
    log.warn({ gateways: gone }, 'what gateways that are gone have left is taken over');
    await events?.gone(gone);
    for (const each of forget) await client.query(each, [gone]);
    await client.query('COMMIT');
  } finally {
    await client.end().catch(() => {});
  }
}

async function keepLooking(circle: Circle, signal: AbortSignal): Promise<never> {
  for (;;) {
    await delay(lookEveryMs, undefined, { signal });
    try {
      await look(circle, looksBeforeTakeover);
      // It may take as long as a dead connection does; who else lives is looked at meanwhile.
      if (circle.unheard) void lookUpMissed(circle);
    } catch (error) {
      signal.throwIfAborted();
      circle.log.warn({ err: error }, 'the connection that tells other gateways of this one is opened again');
      // Who was gone before the engine went away may be back.
      circle.goneLooks.clear();
      await circle.client.end().catch(() => {});
      await enterAgain(circle).catch((again: unknown) =>
        circle.log.warn({ err: again }, 'it cannot be opened for now'),
      );
    }
  }
}

async function enterAgain(circle: Circle): Promise<void> {
  const { address, id, announcement } = circle;
  circle.client = await enter(address, id, circle);
  if (announcement)
    await circle.client.query(announceAgain, [id, announcement.connection_string, announcement.secret]);
  circle.unheard = true;
}

/** Until it has succeeded once: the gateway's other connections may be dead still. */
async function lookUpMissed(circle: Circle): Promise<void> {
  circle.unheard = false;
  try {
    await circle.events?.missed();
  } catch (error) {
    circle.unheard = true;
    circle.log.warn({ err: error }, 'what was said meanwhile cannot be looked up for now');
  }
}
