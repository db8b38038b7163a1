/** Puts prompts into the index that a search finds them by, some time after their jobs were opened: whoever opens jobs does not wait for it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { EnginePool } from '../engine/pool.js';

const everyMs = 10_000;
/** What it takes of the engine's time: one part in so many. */
const share = 4;

/**
 * Some at a time, oldest first: what is long, and may still change, waits. A prompt that would take the engine's memory stays out, and is
 * looked through by each search.
 */
const putSome = `
  UPDATE hologen_internal.prompt SET has_grams = true WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM hologen_internal.prompt
    WHERE NOT has_grams AND submitted_at < clock_timestamp() - interval '1 minute' AND coalesce(octet_length(prompt), 0) < 200000
    ORDER BY submitted_at LIMIT 500 FOR UPDATE SKIP LOCKED))`;

/** Looks now and then every 10 s, until it is closed; as long as it finds some it goes on with a quarter of the time. */
export function indexPrompts(pool: EnginePool, log: Logger): { close(): Promise<void> } {
  const closing = new AbortController();
  const working = work();

  async function work(): Promise<void> {
    while (!closing.signal.aborted) {
      const pauseMs = await putOnce().catch((error: Error) => {
        log.warn(
          { reason: error.message },
          'prompts could not be put into the index of words; it goes on later',
        );
        return everyMs;
      });
      await delay(pauseMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
    }
  }

  async function putOnce(): Promise<number> {
    const startedAt = performance.now();
    const { rowCount } = await pool.query(putSome);
    return rowCount === 0 ? everyMs : (performance.now() - startedAt) * (share - 1);
  }

  return {
    async close() {
      closing.abort();
      await working;
    },
  };
}
