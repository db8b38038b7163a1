/** Runs what a request asks as the role of its key: a connection of its own through the front door, so that every right and budget holds by itself. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { boundedSocket } from '../../bounded-socket.js';
import { madeOrFailed, refuseInDryRun } from '../made-or-failed.js';
import type { HandOver } from './hand-over.js';
import type { Account } from './key.js';
import { Refusal } from './refusal.js';

/** Where the gateway's own front door is. */
export interface FrontDoor {
  host: string;
  port: number;
  /** The gateway's own database, which has the catalogue and the jobs. */
  database: string;
}

export interface AsRole {
  /** In a transaction that is committed when the answer is with the client. One that calls must not look as if it only read: see onlyReads. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** NOTICEs of what ran so far. */
  notices: string[];
}

const connectTimeoutMs = 15_000;
const applicationName = 'hologen openai';
/** So long a client that reads slowly may keep a connection. */
const longestHandOverMs = 5 * 60_000;

/**
 * A connection for each request: a key that was revoked is of no use from then on. `gone` is aborted when the client leaves: its connection
 * ends then, which cancels what was not sent and keeps what is paid for for the same request again. So it is when the client is not
 * handed the answer for any other reason: only with that is the transaction committed.
 */
export async function asRole<Result>(
  door: FrontDoor,
  account: Account,
  { tag, gone, handOver, makes }: { tag?: string; gone: AbortSignal; handOver: HandOver; makes: boolean },
  work: (role: AsRole) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({
    ...door,
    ...account,
    ssl: false,
    // What a role can make the engine say must not fill the gateway's memory.
    stream: boundedSocket,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    // Nothing that somebody has planted in a schema of the search_path runs as the role; and times are read here.
    options: `-c search_path=pg_catalog,pg_temp -c datestyle=ISO ${madeOrFailed}`,
  });
  client.on('error', () => {});
  const notices: string[] = [];
  client.on('notice', ({ message }) => void notices.push(message ?? ''));
  const end = () => void client.end().catch(() => {});
  try {
    gone.throwIfAborted();
    await client.connect();
    gone.addEventListener('abort', end, { once: true });
    // It may have left while that took.
    gone.throwIfAborted();
    if (makes) await refuseInDryRun(client);
    if (tag !== undefined) await client.query("SELECT set_config('ai_gen.tag', $1, false)", [tag]);
    // What the calls have written by then is seen, whatever the role has for its transactions.
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    const query: AsRole['query'] = async (text, values) => (await client.query(text, values)).rows as never;
    const result = await work({ query, notices });
    void commitWith(handOver, client).finally(() => {
      gone.removeEventListener('abort', end);
      end();
    });
    return result;
  } catch (error) {
    gone.removeEventListener('abort', end);
    end();
    if (gone.aborted) throw new Refusal(499, { message: 'the client has left', code: 'cancelled' });
    throw error;
  }
}

/** A commit that fails leaves the client an answer that the same request is given again. */
async function commitWith({ isDone }: HandOver, client: pg.Client): Promise<void> {
  const tooLate = delay(longestHandOverMs, false, { ref: false });
  if (await Promise.race([isDone, tooLate])) await client.query('COMMIT').catch(() => {});
}
