/** Which gateways live, in SQL: those whose process in the engine is still there. */

/** Ids of the gateways that live. */
const living = `
  SELECT living.gateway_id FROM hologen_internal.living_gateway living
  JOIN pg_stat_activity a ON a.pid = living.process_id AND a.backend_start = living.process_started_at
  WHERE a.usesysid = current_user::regrole`;

/** `full`: what is said may not have been heard, as nobody can say more. */
export const countLive = `SELECT count(*)::int AS live, pg_notification_queue_usage() > 0.9 AS full FROM (${living}) AS own`;

/** Whether the gateway of this id (an expression) lives. */
export function isLive(id: string): string {
  return `${id} IN (${living})`;
}

/** The connection that runs it stands for the gateway $1 from now on. Waits for who is taking over what gone gateways have left. */
export const enterLiving = `
  INSERT INTO hologen_internal.living_gateway (gateway_id, process_id, process_started_at)
  SELECT $1, pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()
  ON CONFLICT (gateway_id) DO UPDATE SET process_id = excluded.process_id, process_started_at = excluded.process_started_at`;

/** Nobody enters or takes over until the transaction ends. A table that ordinary roles have no right to, so none of them can be waited for. */
export const holdCircle = 'LOCK TABLE hologen_internal.living_gateway IN SHARE ROW EXCLUSIVE MODE';

/** Forgets the gateways $1. */
export const forget = [
  'DELETE FROM hologen_internal.gateway WHERE gateway_id = ANY ($1)',
  'DELETE FROM hologen_internal.living_gateway WHERE gateway_id = ANY ($1)',
  'DELETE FROM hologen_internal.reserved WHERE gateway_id = ANY ($1)',
];

/** Where the engine's functions reach the gateway $1; one on an embedded engine has a name of its own there. */
export const announcementOf =
  'SELECT connection_string, secret FROM hologen_internal.gateway WHERE gateway_id = $1';

/** As it was, after somebody has forgotten it. */
export const announceAgain = `
  INSERT INTO hologen_internal.gateway (gateway_id, connection_string, secret) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;
