/** What the calls of a statement used and cost, from the ledger: none where an earlier result was taken, which costs nothing again. */
import { isObject } from '../../fields.js';
import type { AsRole } from './as-role.js';

export interface Spent {
  promptTokens: number;
  completionTokens: number;
  /** Beside OpenAI's own fields of an answer. */
  hologen: { job_ids: string[]; price: number | null; currency: string | null };
}

interface JobRow {
  job_id: string;
  usage: unknown;
  price: string | null;
  currency: string | null;
}

/** `at`: the statement's time, as the engine wrote it. */
export async function spentAt(role: AsRole, at: string): Promise<Spent> {
  const rows = await role.query<JobRow>(
    // Along the index of the newest jobs.
    `SELECT job_id, usage, price, currency FROM hologen.jobs
     WHERE statement_at = $1::timestamptz AND submitted_at >= $1::timestamptz AND role_name = current_user ORDER BY submitted_at, job_id`,
    [at],
  );
  const tokens = (name: string) => rows.reduce((sum, { usage }) => sum + tokensIn(usage, name), 0);
  const prices = rows.flatMap(({ price }) => (price === null ? [] : [Number(price)]));
  return {
    promptTokens: tokens('prompt_tokens'),
    completionTokens: tokens('completion_tokens'),
    hologen: {
      job_ids: rows.map((row) => row.job_id),
      price:
        prices.length === 0 ? null : Number(prices.reduce((sum, price) => sum + price, 0).toPrecision(12)),
      currency: rows[0]?.currency ?? null,
    },
  };
}

function tokensIn(usage: unknown, name: string): number {
  const value = isObject(usage) ? usage[name] : undefined;
  return typeof value === 'number' ? value : 0;
}
