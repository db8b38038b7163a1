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
  let recorded: Recorded = { calls: [], ahead: 0, waits: [] };
  const answer = async (question: { ask: string; [field: string]: unknown }) => {
    if (question.ask === 'submit') {
      const call = `${question.model ?? 'default'}(${question.request})`;
      recorded.calls.push(call);
      if (recorded.waits.length === 0) recorded.ahead += 1;
      return { handle: call };
    }
    recorded.waits.push(String(question.handle));
    return { done: true, result: `made by ${question.handle}` };
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
      recorded = { calls: [], ahead: 0, waits: [] };
      return taken;
    },
    async close() {
      for (const client of clients) await client.end();
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
