/** What the engine knows of sessions: who is connected, and since when. */
import type { EnginePool } from '../engine/pool.js';
import type { RoleIdentity } from './job.js';

export interface Activity extends RoleIdentity {
  engineProcessId: number;
  database: string;
  application: string;
  connectedAt: Date;
  /** In PostgreSQL's words: active, idle, idle in transaction; null where the engine does not tell the gateway's role. */
  state: string | null;
}

/** Of these processes of the engine; one that has ended meanwhile is left out. */
export type ActivityOf = (engineProcessIds: number[]) => Promise<Activity[]>;

export function readActivity(pool: EnginePool): ActivityOf {
  return async (ids) => {
    const { rows } = await pool.query<Activity>(
      `SELECT pid AS "engineProcessId", usename AS role, usesysid AS "roleOid", datname AS database, application_name AS application,
         backend_start AS "connectedAt", state
       FROM pg_stat_activity WHERE pid = ANY ($1) AND usename IS NOT NULL ORDER BY backend_start`,
      [ids],
    );
    return rows;
  };
}
