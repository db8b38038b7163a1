/** Forgets old rows of the ledger where the operator wants that; what is unfinished, or was made and can still be taken, stays. */
import type { Logger } from 'pino';
import type { EnginePool } from '../engine/pool.js';

export interface Retention {
  /** Days that a job is kept after its end; 0: for ever. */
  keepJobsDays: number;
  /** Days that an attempt, with its price, is kept, and what it counts for in daily_usage; 0: for ever. */
  keepUsageDays: number;
}

const everyMs = 3_600_000;
/** What nobody has yet: results without files, and what was saved. Of others the provider's addresses are gone after a day. */
const canBeTaken = `state = 'succeeded' AND claimed_at IS NULL AND (outputs = '[]' OR outputs @? '$[*].ossPath')`;
/** Few enough at a time to hold no lock for long. */
const atOnce = 5_000;

const oldJobs = `
  DELETE FROM hologen_internal.job WHERE job_id IN (
    SELECT job_id FROM hologen_internal.job WHERE finished_at < clock_timestamp() - make_interval(days => $1)
      AND NOT (${canBeTaken}) LIMIT ${atOnce})`;
const oldAttempts = `
  DELETE FROM hologen_internal.attempt WHERE attempt_id IN (
    SELECT attempt_id FROM hologen_internal.attempt WHERE ended_at < clock_timestamp() - make_interval(days => $1) LIMIT ${atOnce})`;
/** What days are summed from; all sizes as far as a whole one of the largest, which is what the others add up to. */
const oldSums = `
  DELETE FROM hologen_internal.used WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM hologen_internal.used WHERE began < date_bin('4 hours', clock_timestamp() - make_interval(days => $1), 'epoch') LIMIT ${atOnce}))`;
const textsOfNobody = `
  DELETE FROM hologen_internal.statement s
  WHERE NOT EXISTS (SELECT FROM hologen_internal.job j WHERE j.statement_id = s.statement_id)
    AND NOT EXISTS (SELECT FROM hologen_internal.attempt a WHERE a.statement_id = s.statement_id)
    AND s.noted_at < clock_timestamp() - interval '1 day'`;

/** Looks now and then every hour, until it is closed. */
export function keepLedgerShort(
  pool: EnginePool,
  retention: Retention,
  log: Logger,
): { close(): Promise<void> } {
  let closing = false;
  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, everyMs).unref();

  async function look(): Promise<void> {
    // They may be others at each look.
    const { keepJobsDays, keepUsageDays } = retention;
    try {
      const jobs = keepJobsDays === 0 ? 0 : await removeAll(oldJobs, keepJobsDays);
      const attempts = keepUsageDays === 0 ? 0 : await removeAll(oldAttempts, keepUsageDays);
      if (keepUsageDays !== 0) await removeAll(oldSums, keepUsageDays);
      if (jobs + attempts === 0) return;
      await pool.query(textsOfNobody);
      log.info({ jobs, attempts }, 'old rows of the ledger are removed');
    } catch (error) {
      log.error({ err: error }, 'old rows of the ledger could not be removed');
    }
  }

  async function removeAll(text: string, days: number): Promise<number> {
    for (let removed = 0; ; ) {
      const { rowCount } = await pool.query(text, [days]);
      removed += rowCount ?? 0;
      if ((rowCount ?? 0) < atOnce || closing) return removed;
    }
  }

  return {
    async close() {
      closing = true;
      clearInterval(timer);
      await looking;
    },
  };
}
