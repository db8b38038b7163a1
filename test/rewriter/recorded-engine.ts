/** An engine whose calls are answered at once, always the same way, and recorded. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { clientOptions } from '../../src/engine/pool.js';
import { claimEngine } from '../../src/open-engine.js';
import { loadParser } from '../../src/rewriter/parse.js';

export interface Recorded {
  /** What was submitted, in order. */
  calls: string[];
  /** How many times the engine asked to submit something. */
  questions: number;
  /** Submits that came before the first wait. */
  ahead: number;
  /** Of these calls the result was asked for, in order. */
  waits: string[];
}

export interface RecordedEngine {
  connect(): Promise<pg.Client>;
  /** What was asked since the last look. */
  take(): Recorded;
  close(): Promise<void>;
}

/** Also loads the grammar for the rewriter. */
export async function startRecordedEngine(): Promise<RecordedEngine> {
  await loadParser();
  const folder = await mkdtemp(join(tmpdir(), 'hologen-test-'));
  await chmod(folder, 0o711);
  const nothing = (): Recorded => ({ calls: [], questions: 0, ahead: 0, waits: [] });
  let recorded = nothing();
  const described = new Map<string, string>();
  const record = ({ model, request }: { [field: string]: unknown }) => {
    const call = `${model ?? 'default'}(${request})`;
    recorded.calls.push(call);
    if (recorded.waits.length === 0) recorded.ahead += 1;
    return call;
  };
  const answer = async (question: { ask: string; [field: string]: unknown }) => {
    if (question.ask.startsWith('submit')) recorded.questions += 1;
    if (question.ask === 'submit') return { handle: record(question) };
    // Nothing is looked ahead for: here a call that stands as written is made where it stands.
    if (question.ask === 'submit_written')
      return { handle: record(question.of as { [field: string]: unknown }) };
    if (question.ask === 'submit_calls') {
      for (const call of question.calls as { handle: string }[]) described.set(call.handle, record(call));
      return undefined;
    }
    const handle = String(question.handle);
    const call = described.get(handle) ?? handle;
    recorded.waits.push(call);
    return { done: true, result: `made by ${call}` };
  };
  const options = { dataDirectory: folder, maxConnections: 20, remote: undefined };
  const claim = await claimEngine(options, { answer, gone: () => {}, log: pino({ level: 'silent' }) });
  const engine = await claim.open();
  const clients: pg.Client[] = [];
  return {
    async connect() {
      // As a person's session, whose names are looked up on its own path.
      const client = new pg.Client({ ...clientOptions(engine.address), options: undefined });
      clients.push(client);
      await client.connect();
      return client;
    },
    take() {
      const taken = recorded;
      recorded = nothing();
      return taken;
    },
    async close() {
      for (const client of clients) await client.end();
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
