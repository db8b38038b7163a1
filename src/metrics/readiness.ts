/** Whether clients can be served now: the gateway accepts them, and the engine accepts a connection and answers. */
import pg from 'pg';
import type { EngineAddress } from '../engine/address.js';
import { clientOptions } from '../engine/pool.js';
import type { GatewayParts } from './gateway-parts.js';

export type Readiness = { ready: true } | { ready: false; reason: string };

const longestAnswerMs = 2_000;
/** Anybody may ask, and each look costs the engine a process, so its result is shared and valid for a moment. */
const goodForMs = 1_000;

export function createReadiness(parts: GatewayParts): () => Promise<Readiness> {
  let latest: { at: number; answer: Promise<string | undefined> } | undefined;

  function engineProblem(address: EngineAddress): Promise<string | undefined> {
    if (!latest || Date.now() - latest.at > goodForMs) {
      const look = { at: Number.POSITIVE_INFINITY, answer: askEngine(address) };
      latest = look;
      look.answer.finally(() => {
        look.at = Date.now();
      });
    }
    return latest.answer;
  }

  return async () => {
    const { engine, frontend, draining } = parts;
    if (!engine || !frontend) return { ready: false, reason: 'starting' };
    if (!frontend.accepting() || draining?.drain) return { ready: false, reason: 'draining' };
    const reason = await engineProblem(engine.address);
    return reason === undefined ? { ready: true } : { ready: false, reason };
  };
}

/** Connects as a client would, to notice an engine that has no connection left. Resolves with the problem, without any secrets. */
async function askEngine(address: EngineAddress): Promise<string | undefined> {
  const client = new pg.Client({ ...clientOptions(address), connectionTimeoutMillis: longestAnswerMs });
  client.on('error', () => {});
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<string>((resolve) => {
    timer = setTimeout(
      resolve,
      longestAnswerMs,
      `the engine did not answer within ${longestAnswerMs / 1000} s`,
    );
  });
  const answer = client
    .connect()
    .then(() => client.query('SELECT 1'))
    .then(
      () => undefined,
      (error: NodeJS.ErrnoException) => `the engine cannot be used (${error.code ?? 'no answer'})`,
    );
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
    client.end().catch(() => {});
  }
}
