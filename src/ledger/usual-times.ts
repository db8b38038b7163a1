/** How long a model's calls have taken lately. */
import type pg from 'pg';

export interface UsualTimes {
  /** The median of its latest calls in seconds, from the submit to what was saved; undefined: there are none. */
  secondsOf(modelName: string): Promise<number | undefined>;
}

const latest = 20;

export function createUsualTimes(pool: Pick<pg.Pool, 'query'>): UsualTimes {
  return {
    async secondsOf(modelName) {
      const { rows } = await pool.query<{ seconds: number | null }>(
        `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at)::float8) AS seconds FROM (
           SELECT started_at, finished_at FROM hologen_internal.job
           WHERE model_name = $1 AND state = 'succeeded' AND started_at IS NOT NULL ORDER BY submitted_at DESC, job_id DESC LIMIT ${latest}) AS own`,
        [modelName],
      );
      return rows[0]?.seconds ?? undefined;
    },
  };
}
