/** The engine's verifier of a role's password: enough to check and answer a SCRAM proof, not to make one. */
import { randomBytes } from 'node:crypto';
import type { EnginePool } from './pool.js';

export interface ScramKeys {
  stored: Buffer;
  server: Buffer;
}

const keyBytes = 32;
const verifier = /^SCRAM-SHA-256\$\d+:[^$]+\$([^:]+):(.+)$/;
const insufficientPrivilege = '42501';

/**
 * Looks up a role's keys. Undefined if the gateway's role may not read them, which only superusers may. Roles that do not exist or have no SCRAM
 * password get random keys, so that their logins fail like those with a wrong password and do not reveal which roles exist.
 * @see https://www.postgresql.org/docs/current/catalog-pg-authid.html
 */
export function createScramKeyLookup(pool: EnginePool): (role: string) => Promise<ScramKeys | undefined> {
  let allowed = true;
  return async (role) => {
    if (!allowed) return undefined;
    try {
      const { rows } = await pool.query<{ secret: string | null }>(
        'SELECT rolpassword AS secret FROM pg_catalog.pg_authid WHERE rolname = $1',
        [role],
      );
      const [, stored, server] = verifier.exec(rows[0]?.secret ?? '') ?? [];
      if (!stored || !server) return { stored: randomBytes(keyBytes), server: randomBytes(keyBytes) };
      return { stored: Buffer.from(stored, 'base64'), server: Buffer.from(server, 'base64') };
    } catch (error) {
      if ((error as { code?: string }).code !== insufficientPrivilege) throw error;
      allowed = false;
      return undefined;
    }
  };
}
