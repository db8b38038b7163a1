/** The lock that each gateway holds as long as it lives, in SQL. */

/** Any number will do, as long as every gateway takes the same. */
const lockClass = 7_465_164;

/** Arguments of PostgreSQL's advisory lock functions; `id`: an expression. */
export function lockOf(id: string): string {
  return `(${lockClass}, hashtext(${id}))`;
}

/** Any role can take such a lock; only those of the gateways' own role count. */
const ownLocks = `
  SELECT pg_locks.objid FROM pg_locks JOIN pg_database d ON d.oid = pg_locks.database
  JOIN pg_stat_activity a ON a.pid = pg_locks.pid AND a.usesysid = current_user::regrole
  WHERE locktype = 'advisory' AND classid = ${lockClass} AND objsubid = 2 AND granted AND d.datname = current_database()`;

export const countLive = `SELECT count(*)::int AS live FROM (${ownLocks}) AS own`;

/** Whether the gateway of this id (an expression) lives. */
export function isLive(id: string): string {
  return `(hashtext(${id})::bigint & 4294967295)::oid IN (${ownLocks})`;
}
