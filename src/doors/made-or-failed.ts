/** What a door that makes calls for somebody says and asks as its connection is opened: it knows results and errors, and nothing in their place. */
import type { ClientBase } from 'pg';
import { KnownError } from '../errors.js';

/** Options of a connection, which win over what a role has by ALTER ROLE … SET: an error that is skipped would be told as an answer. */
export const madeOrFailed = '-c ai_gen.on_error=error';

const switchedOn = new Set(['on', 'true', 'yes', '1']);

/** KnownError 42501 where the role has a dry run for its sessions: that is somebody's brake, and what it gives is no result. */
export async function refuseInDryRun(client: ClientBase): Promise<void> {
  const { rows } = await client.query("SELECT pg_catalog.current_setting('ai_gen.dry_run', true) AS dry");
  if (!switchedOn.has(String(rows[0]?.dry).toLowerCase())) return;
  throw new KnownError({
    kind: 'insufficientPrivilege',
    message: 'permission denied: ai_gen.dry_run is on for this role, so nothing is made',
    hint: 'ALTER ROLE … RESET ai_gen.dry_run lets it make calls again.',
  });
}
