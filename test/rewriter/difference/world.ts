/** One engine and two ways to it: its own socket, where a statement runs as it is written, and a gateway's front door. */
import { readFile, writeFile } from 'node:fs/promises';
import type pg from 'pg';
import { drivers as stores } from '../../../src/storage/drivers.js';
import { startTestGateway, type TestGateway } from '../../gateway.js';
import { catalogue, kept, restored } from './catalogue.js';
import {
  compared,
  type Difference,
  failedByCall,
  type Outcome,
  type Statement,
  sentInVain,
} from './outcome.js';
import { createRecordingProvider, type RecordingProvider } from './recording-provider.js';
import { type Heard, openSession, type WireSession } from './wire-session.js';

export interface World {
  gateway: TestGateway;
  provider: RecordingProvider;
  /** Runs it as written, then through the gateway, and undoes both. There the provider answers nothing before it has so many calls. */
  compare(statement: Statement, atOnce?: number): Promise<Compared>;
  /** The calls that the provider was sent, and what the ledger says of them. */
  sums(): Promise<{ sent: number; price: number; entries: number; ledgerPrice: number }>;
  /** A new session of each kind. */
  written(): Promise<WireSession>;
  through(): Promise<WireSession>;
  close(): Promise<void>;
}

export interface Compared {
  written: Outcome;
  through: Outcome;
  /** Undefined: there is none. */
  difference: Difference | undefined;
}

/** Models that statements call: a name for each place of a call. */
const modelNames = [
  ...Array.from({ length: 30 }, (_, index) => `m${index + 1}`),
  // Of ../statement-generator.ts.
  ...'m g second outer nested v r r2 u u1 u2 u3 u4 u5 u6 u7 u8 s j top l w w2 after farewell a b c d f n'.split(
    ' ',
  ),
];

const sessionSettings = `SET ai_gen.reuse = off; SET ai_gen.progress = off; SET statement_timeout = '30s'`;
/** On the engine's own socket each call is made when PostgreSQL comes to it, and none ahead. */
const oneByOne = 'SET ai_gen.at_once = off';

export async function startWorld(): Promise<World> {
  const provider = createRecordingProvider();
  const gateway = await startTestGateway({ sandboxLimits: 'off' } as never, undefined, {
    stores,
    providers: [provider.driver],
  });
  const owner = await gateway.client();
  // Nothing of a test must outlive the machine.
  await owner.query(`ALTER SYSTEM SET synchronous_commit = off`);
  await owner.query('SELECT pg_reload_conf()');
  for (const name of modelNames)
    await owner.query(
      `CALL register_external_model('${name}', 'qwen-plus', 'bailian', '{}', 'chat/completions')`,
    );
  for (const name of Array.from({ length: 20 }, (_, index) => `e${index + 1}`))
    await owner.query(
      `CALL register_external_model('${name}', 'text-embedding-v4', 'bailian', '{}', 'embedding')`,
    );
  await owner.query(catalogue);
  await owner.query(kept);
  const socket = await socketOf(owner);
  const opened: WireSession[] = [];
  const open = async (socketPath?: string) => {
    const session = await openSession(gateway.url, socketPath);
    opened.push(session);
    await session.must(socketPath ? `${sessionSettings}; ${oneByOne}` : sessionSettings);
    return session;
  };
  const sessions = { written: await open(socket), through: await open() };
  let [sent, price] = [0, 0];
  const run = async (session: WireSession, statement: Statement) => {
    const outcome = await runIn(session, provider, statement);
    sent += outcome.calls.calls.length;
    price += outcome.calls.price;
    return outcome;
  };
  const vain = async (statement: Statement, through: Outcome) => {
    if (!failedByCall(through)) return undefined;
    provider.answerAll(true);
    const answered = await run(sessions.written, statement);
    provider.answerAll(false);
    return sentInVain(through, answered);
  };
  return {
    ...{ gateway, provider },
    async compare(statement, atOnce = 0) {
      const written = await run(sessions.written, statement);
      provider.holdUntil(atOnce);
      const through = await run(sessions.through, statement);
      provider.holdUntil(0);
      const difference = compared(statement, written, through) ?? (await vain(statement, through));
      return { written, through, difference };
    },
    async sums() {
      const ledger = await owner.query(
        'SELECT count(*)::int AS entries, sum(price)::float AS price FROM hologen.usage',
      );
      return { sent, price, entries: ledger.rows[0].entries, ledgerPrice: ledger.rows[0].price ?? 0 };
    },
    written: () => open(socket),
    through: () => open(),
    async close() {
      for (const session of opened) session.close();
      await gateway.close();
    },
  };
}

/** There a session signs in with its password, as through the gateway. */
async function socketOf(owner: pg.Client): Promise<string> {
  const { rows } = await owner.query(
    `SELECT split_part(current_setting('unix_socket_directories'), ',', 1) AS folder, current_setting('port') AS port,
       current_setting('hba_file') AS hba`,
  );
  const [{ folder, port, hba }] = rows;
  await writeFile(hba, `local all all scram-sha-256\n${await readFile(hba, 'utf8')}`);
  await owner.query('SELECT pg_reload_conf()');
  return `${folder}/.s.PGSQL.${port}`;
}

async function runIn(
  session: WireSession,
  provider: RecordingProvider,
  statement: Statement,
): Promise<Outcome> {
  const { setup, after, committed } = statement;
  const begin = 'SELECT restart_sequences(); SELECT setseed(0.25)';
  await session.must(committed ? begin : `BEGIN; ${begin}`);
  try {
    for (const text of setup) await session.must(text);
  } catch (error) {
    await session.must('ROLLBACK');
    throw error;
  }
  provider.take();
  if (!committed) await session.must('SAVEPOINT before');
  const heard = await heardOf(session, statement);
  const calls = provider.take();
  // In a transaction that has failed nothing can be asked.
  const hasFailed = Boolean(heard.at(-1)?.error);
  for (const each of heard)
    each.origins = hasFailed
      ? each.origins.replace(tableNumbers, 'some table')
      : await namedOrigins(session, each);
  // What a step itself began.
  if (committed) await session.must('ROLLBACK');
  else if (hasFailed) await session.must('ROLLBACK TO before');
  await session.must('RESET ROLE; SET LOCAL search_path = public');
  const sequences = await session.must('SELECT * FROM sequences_now()');
  const tables = await session.must('SELECT * FROM tables_now()');
  await session.must('ROLLBACK');
  for (const text of after ?? []) await session.must(text);
  if (committed) await session.must(restored);
  return { heard, calls, tables, sequences };
}

async function heardOf(session: WireSession, { steps }: Statement): Promise<Heard[]> {
  const heard: Heard[] = [];
  for (const step of steps) {
    const said = await session.run(step);
    heard.push(said);
    if (said.error && !step.mayFail) break;
  }
  return heard;
}

const tableNumbers = /\b[1-9]\d*(?=\.)/g;

/** With the names of tables in place of their numbers, which a table that a run makes has for this run only. */
async function namedOrigins(session: WireSession, { origins }: Heard): Promise<string> {
  const numbers = [...new Set(origins.match(tableNumbers))];
  if (numbers.length === 0) return origins;
  const names = await session.must(`SELECT unnest('{${numbers}}'::oid[])::regclass`);
  return origins.replace(tableNumbers, (number) => names[numbers.indexOf(number)] ?? number);
}
