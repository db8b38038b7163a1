/** *Try*: runs one statement of the visitor on a connection of its own and keeps what came out, within bounds. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { runStatement } from '../../bounded-result.js';
import type { Problem, Run } from './answers.js';
import { Refusal } from './exchange.js';
import { problemOf } from './problems.js';
import { cancelStatement } from './queries.js';

/** One statement at a time a session; the last one's outcome stays until the next. */
export interface RunSlot {
  current: RunningRun | undefined;
}

/** The session of a visitor, as far as statements need it. */
interface RunOwner {
  pool: pg.Pool;
  who: { administers: boolean };
  /** A connection of its own, as the same role and with the same rights. */
  newClient(): pg.Client;
  run: RunSlot;
}

interface RunningRun {
  id: string;
  client: pg.Client;
  readOnly: boolean;
  startedAt: number;
  endedAt: number | undefined;
  statement: string;
  columns: string[];
  rows: (string | null)[][];
  rowCount: number;
  command: string | null;
  notices: string[];
  problem: Problem | null;
}

const mostNotices = 200;
const estimateTimeoutMs = 30_000;

/** Does something about a statement as it will run: with the settings and the names that the visitor's role has. */
export async function asVisitor<T>(session: RunOwner, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = session.newClient();
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(`SET statement_timeout = ${estimateTimeoutMs}`);
    return await use(client);
  } finally {
    client.end().catch(() => {});
  }
}

/** Returns at once; `describeRun` tells how it goes. */
export function startRun(session: RunOwner, statement: string): RunningRun {
  if (session.run.current && session.run.current.endedAt === undefined) {
    throw new Refusal(409, { message: 'a statement of yours is still running; cancel it or wait' });
  }
  const run: RunningRun = {
    id: randomUUID(),
    client: session.newClient(),
    readOnly: !session.who.administers,
    startedAt: Date.now(),
    endedAt: undefined,
    statement,
    columns: [],
    rows: [],
    rowCount: 0,
    command: null,
    notices: [],
    problem: null,
  };
  session.run.current = run;
  execute(run)
    .catch((error: unknown) => {
      run.problem = problemOf(error);
    })
    .finally(() => {
      run.endedAt = Date.now();
      run.client.end().catch(() => {});
    });
  return run;
}

async function execute(run: RunningRun): Promise<void> {
  const { client } = run;
  client.on('error', () => {});
  client.on('notice', (notice) => {
    if (run.notices.length < mostNotices)
      run.notices.push([notice.message, notice.hint].filter(Boolean).join('. '));
  });
  await client.connect();
  // A transaction cannot leave it, whatever the statement sets; a session could.
  if (run.readOnly) await client.query('BEGIN READ ONLY');
  Object.assign(run, await runStatement(client, run.statement));
  if (run.readOnly) await client.query('COMMIT');
}

export function describeRun(run: RunningRun): Omit<Run, 'jobs'> {
  return {
    id: run.id,
    state: run.endedAt === undefined ? 'running' : run.problem ? 'failed' : 'done',
    statement: run.statement,
    seconds: ((run.endedAt ?? Date.now()) - run.startedAt) / 1000,
    columns: run.columns,
    rows: run.rows,
    rowCount: run.rowCount,
    command: run.command,
    notices: run.notices,
    problem: run.problem,
  };
}

/** The provider's request ids that results of ai_gen among the rows name, in both of Hologres' spellings. */
export function requestIdsOf(run: RunningRun): string[] {
  const ids = run.rows.flat().flatMap((value) => {
    return [...(value ?? '').matchAll(/"(?:requestId|request_id)"\s*:\s*"([\w-]{8,80})"/g)].map(
      (match) => match[1] ?? '',
    );
  });
  return [...new Set(ids)];
}

export function requireRun(slot: RunSlot, id: string | null): RunningRun {
  if (slot.current?.id === id && slot.current) return slot.current;
  throw new Refusal(404, { message: 'this statement was not run in this session, or another one since' });
}

const cancelEveryMs = 300;
const cancelForMs = 60_000;

/** Asks the engine until it has listened: a statement that is only on its way to it cannot be cancelled yet. */
export async function cancelRun(session: RunOwner, run: RunningRun): Promise<void> {
  const { client } = run as { client: pg.Client & { processID?: number | null } };
  for (const giveUpAt = Date.now() + cancelForMs; run.endedAt === undefined && Date.now() < giveUpAt; ) {
    if (client.processID) await cancelStatement(session.pool, client.processID);
    await delay(cancelEveryMs);
  }
}

/** The session is over: closing the connection makes the engine give the statement up. */
export function closeRun(slot: RunSlot): void {
  const { current } = slot;
  slot.current = undefined;
  if (current && current.endedAt === undefined) {
    (
      current.client as pg.Client & { connection: { stream: { destroy(): void } } }
    ).connection.stream.destroy();
  }
}
