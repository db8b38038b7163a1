/** An agent's connections to the gateway: one that spends nothing, and one that spends up to its limit, both held by the gateway itself. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type BoundedResult, runStatement } from '../../bounded-result.js';
import { madeOrFailed, refuseInDryRun } from '../made-or-failed.js';

export interface Estimate {
  model_name: string;
  model_type: string;
  calls: number;
  pictures: number | null;
  seconds: number | null;
  /** Null: not known before. */
  price: number | null;
  currency: string | null;
}

export interface Run {
  id: number;
  statement: string;
  startedAt: number;
  endedAt: number | undefined;
  notices: string[];
  result: BoundedResult | undefined;
  problem: string | undefined;
  /** Settles when it has ended, and never rejects. */
  over: Promise<void>;
}

export interface AgentSessions {
  /** In CNY: what may be spent in all, and what the statements that were begun were estimated at. */
  readonly mostMoney: number;
  readonly promised: number;
  /** Rows of the agent's own question, parameters and all. */
  ask<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Runs a statement in a transaction that only reads, in a session that spends nothing. */
  look(statement: string): Promise<BoundedResult>;
  estimate(statement: string): Promise<Estimate[]>;
  /** Begins what was estimated; one at a time. */
  begin(statement: string, estimates: Estimate[]): Run;
  cancel(): Promise<void>;
  close(): Promise<void>;
}

const applicationName = 'hologen mcp';
const mostNotices = 50;
const cancelEveryMs = 300;

export function openSessions(url: string, mostMoney: number): AgentSessions {
  const reading = createReading(url);
  const spending = createSpending(url, mostMoney);
  return {
    mostMoney,
    get promised() {
      return spending.promised();
    },
    ask: (text, values) => reading.with(async (client) => (await client.query(text, values)).rows as never),
    look: (statement) =>
      reading.with(async (client) => {
        await client.query('BEGIN READ ONLY');
        return runStatement(client, statement);
      }),
    estimate: (statement) =>
      reading.with(async (client) => {
        const { rows } = await client.query<Estimate>(
          `SELECT model_name, model_type, calls::int, pictures::int, seconds::float8, price::float8, currency FROM hologen.ai_estimate($1)`,
          [statement],
        );
        return rows;
      }),
    begin: spending.begin,
    async cancel() {
      const over = spending.over().then(() => true);
      // A word that comes while the engine does not have the statement yet cancels nothing.
      do {
        const processId = await spending.processId();
        if (processId !== undefined)
          await reading.with((client) =>
            client.query('SELECT pg_catalog.pg_cancel_backend($1::pg_catalog.int4)', [processId]),
          );
      } while (!(await Promise.race([over, delay(cancelEveryMs, false)])));
    },
    close: async () => void (await Promise.all([reading.close(), spending.close()])),
  };
}

/** A connection for each question: an agent's are few, and no setting of one reaches the next. */
function createReading(url: string) {
  const open = new Set<pg.Client>();
  return {
    async with<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
      const client = await connect(url, 0);
      open.add(client);
      try {
        return await work(client);
      } finally {
        open.delete(client);
        await client.end().catch(() => {});
      }
    },
    close: () => Promise.allSettled([...open].map((client) => client.end())),
  };
}

/** One connection for all statements, as the gateway counts by session; one that broke is followed by one that may spend what is left. */
function createSpending(url: string, mostMoney: number) {
  let connected: Promise<pg.Client> | undefined;
  let current: Run | undefined;
  let promised = 0;
  let runs = 0;
  const forget = () => {
    connected = undefined;
  };

  function client(): Promise<pg.Client> {
    connected ??= connect(url, Math.max(0, mostMoney - promised), madeOrFailed).then((opened) =>
      opened.once('end', forget),
    );
    connected.catch(forget);
    return connected;
  }

  return {
    promised: () => promised,
    begin(statement: string, estimates: Estimate[]): Run {
      if (current && current.endedAt === undefined)
        throw new Error(`run ${current.id} has not ended; wait for it or cancel it`);
      // Before this statement is counted: it may spend what it was estimated at.
      const ready = client();
      promised += estimates.reduce((sum, { price }) => sum + (price ?? 0), 0);
      const calls = estimates.reduce((sum, row) => sum + row.calls, 0);
      runs += 1;
      current = startRun(runs, statement, ready, calls);
      return current;
    },
    processId: async () =>
      ((await connected?.catch(() => undefined)) as { processID?: number } | undefined)?.processID,
    over: async () => current?.over,
    close: async () => (await connected?.catch(() => undefined))?.end().catch(() => {}),
  };
}

function startRun(id: number, statement: string, client: Promise<pg.Client>, calls: number): Run {
  const run: Run = {
    ...{ id, statement, startedAt: Date.now(), endedAt: undefined },
    ...{ notices: [], result: undefined, problem: undefined, over: Promise.resolve() },
  };
  run.over = client
    .then((connected) => execute(run, connected, calls))
    .catch((error: unknown) => {
      run.problem = wordsOf(error);
    })
    .finally(() => {
      run.endedAt = Date.now();
    });
  return run;
}

async function execute(run: Run, client: pg.Client, calls: number): Promise<void> {
  const hear = ({ message, hint }: { message?: string; hint?: string }) => {
    if (run.notices.length < mostNotices) run.notices.push([message, hint].filter(Boolean).join('. '));
  };
  client.on('notice', hear);
  try {
    await refuseInDryRun(client);
    // What the estimate did not foresee was not approved.
    await client.query("SELECT set_config('ai_gen.max_calls', $1, false)", [String(calls)]);
    run.result = await runStatement(client, run.statement);
  } finally {
    client.off('notice', hear);
  }
}

/** What the session may spend is said as it is opened: the gateway holds it to that, whatever its statements say. `usual`: options that the address may say otherwise. */
async function connect(url: string, spendAtMost: number, usual = ''): Promise<pg.Client> {
  const address = new URL(url);
  const options = [usual, address.searchParams.get('options'), `-c ai_gen.spend_at_most=${spendAtMost}`];
  address.searchParams.set('options', options.filter(Boolean).join(' '));
  const client = new pg.Client({ connectionString: address.href, application_name: applicationName });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** An engine's error in one text, with its HINT: an agent mends by it. */
export function wordsOf(error: unknown): string {
  const { message, code, detail, hint } = error as Error & { code?: string; detail?: string; hint?: string };
  return [code ? `${message} (SQLSTATE ${code})` : message, detail, hint].filter(Boolean).join('\n');
}
