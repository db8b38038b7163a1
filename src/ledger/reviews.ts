/** Verdicts of people on what was made, in the engine's own table. */
import type { EnginePool } from '../engine/pool.js';
import type { RoleIdentity, Sight } from './job.js';

export interface Review {
  jobId: string;
  /** Counted from 0. */
  output: number;
  /** Undefined: the person's own is taken back. */
  verdict: 'picked' | 'rejected' | undefined;
  remark: string | undefined;
}

export interface Reviews {
  /** False: there is no such output of a call that the role may see. */
  set(review: Review, who: RoleIdentity, sight: Sight): Promise<boolean>;
}

const seen = `SELECT FROM hologen_internal.job WHERE job_id = $1 AND $2 < greatest(1, jsonb_array_length(outputs))
  AND (role_name = $3 AND role_oid = $4 OR $5 = 'all' OR $5 = 'shared' AND shared)`;

export function createReviews(pool: EnginePool): Reviews {
  return {
    async set({ jobId, output, verdict, remark }, { role, roleOid }, sight) {
      const whose = [jobId, output, role, roleOid, sight];
      if ((await pool.query(seen, whose)).rowCount === 0) return false;
      if (verdict === undefined)
        await pool.query(
          'DELETE FROM hologen_internal.review WHERE job_id = $1 AND output = $2 AND role_name = $3 AND role_oid = $4',
          whose.slice(0, 4),
        );
      else
        await pool.query(
          `INSERT INTO hologen_internal.review (job_id, output, role_name, role_oid, verdict, remark) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (job_id, output, role_name, role_oid)
           DO UPDATE SET verdict = excluded.verdict, remark = excluded.remark, reviewed_at = clock_timestamp()`,
          [...whose.slice(0, 4), verdict, remark],
        );
      return true;
    },
  };
}
