/** The catalogue of deployed models in the engine's own table; API keys are stored encrypted. */

import type { EnginePool } from '../engine/pool.js';
import { KnownError } from '../errors.js';
import type { Json } from '../json.js';
import type { RoleIdentity } from './job.js';
import type { Catalogue, DeployedModel } from './models.js';
import type { SecretBox } from './secret-box.js';
import { openStates } from './states.js';

interface Row {
  model_name: string;
  model_type: string;
  model_provider: string;
  task: string;
  api_key: string | null;
  config: Json;
  deployed_by: string;
  deployed_by_oid: number;
  deployed_at: Date;
  restricted: boolean;
}

const uniqueViolation = '23505';
/** Who deploys the usual models when the gateway starts: nobody's role, trusted as an administrator is. */
export const deployedAtStart: RoleIdentity = { role: 'hologen serve', roleOid: 0 };
const columns =
  'model_name, model_type, model_provider, task, api_key, config, deployed_by, deployed_by_oid, deployed_at, restricted';

/**
 * `by_admin`: deployed by the owner of hologen, a member of it, or at the gateway's start (`sandbox`: by an earlier version), for everybody. The owner's name is never
 * another's: it owns the schema, and after a restore has another OID.
 */
const trusted = `
  SELECT model_name, model_type, model_provider, task, api_key, config, deployed_by, deployed_by_oid, deployed_at,
    restricted OR api_key IS NULL AND EXISTS (SELECT FROM hologen_internal.deployed_models o
      WHERE o.restricted AND o.api_key IS NULL AND o.model_type = deployed_models.model_type) AS restricted,
    deployed_by IN ('sandbox', '${deployedAtStart.role}') AND deployed_by_oid = 0 OR deployed_by = current_user
    OR EXISTS (SELECT FROM pg_roles r WHERE r.rolname = deployed_by AND r.oid = deployed_by_oid
      AND (pg_has_role(r.oid, current_user, 'USAGE') OR coalesce(pg_has_role(r.oid, to_regrole('hologen_admin')::oid, 'USAGE'), false))) AS by_admin
  FROM hologen_internal.deployed_models`;
const own = 'deployed_by = $2 AND deployed_by_oid = $3';

export function createCatalogue(pool: EnginePool, secrets: SecretBox): Catalogue {
  return { ...looking(pool, secrets), ...deploying(pool, secrets), ...granting(pool) };
}

function looking(
  pool: EnginePool,
  secrets: SecretBox,
): Pick<Catalogue, 'find' | 'defaults' | 'deployedThen' | 'list'> {
  return {
    async find(name, { role, roleOid }) {
      const { rows } = await pool.query<Row>({
        name: 'find-model',
        text: `SELECT ${columns} FROM (${trusted}) AS m
          WHERE model_name = $1 OR model_type = $1 AND (by_admin OR ${own})
          ORDER BY model_name = $1 AND (by_admin OR ${own}) DESC, model_type = $1 AND by_admin DESC,
            model_type = $1 AND ${own} DESC, deployed_at LIMIT 1`,
        values: [name, role, roleOid],
      });
      return rows[0] && asModel(rows[0], secrets);
    },
    async defaults(task, { role, roleOid }) {
      const { rows } = await pool.query<Row>(
        `SELECT ${columns} FROM (${trusted}) AS m WHERE task = $1 AND (by_admin OR ${own})
         ORDER BY by_admin DESC, deployed_at, model_name`,
        [task, role, roleOid],
      );
      return rows.map((row) => asModel(row, secrets));
    },
    async deployedThen(name, time) {
      const { rows } = await pool.query<Row>(
        `SELECT ${columns} FROM hologen_internal.deployed_models WHERE model_name = $1 AND deployed_at <= $2
         UNION ALL SELECT ${columns} FROM hologen_internal.removed_models WHERE model_name = $1 AND deployed_at <= $2 AND removed_at > $2`,
        [name, time],
      );
      return rows[0] && asModel(rows[0], secrets);
    },
    async list() {
      const { rows } = await pool.query<Row>(
        `SELECT ${columns} FROM hologen_internal.deployed_models ORDER BY deployed_at, model_name`,
      );
      return rows.map((row) => asModel(row, secrets));
    },
  };
}

function asModel(row: Row, secrets: SecretBox): DeployedModel {
  const hasPool = Array.isArray(row.config.pool);
  const opened = () => (row.api_key === null ? undefined : secrets.open(row.api_key, row.model_name));
  return {
    name: row.model_name,
    modelType: row.model_type,
    provider: row.model_provider,
    task: row.task,
    // Opened when it is used: one key that cannot be read must not take the whole catalogue with it.
    get apiKey() {
      return hasPool ? undefined : opened();
    },
    get poolKeys() {
      return hasPool ? (JSON.parse(opened() ?? '[]') as string[]) : undefined;
    },
    config: row.config,
    deployedBy: { role: row.deployed_by, roleOid: row.deployed_by_oid },
    deployedAt: row.deployed_at,
    restricted: row.restricted,
  };
}

function deploying(pool: EnginePool, secrets: SecretBox): Pick<Catalogue, 'deploy' | 'remove'> {
  return {
    async deploy(model) {
      // The keys of a pool are one secret: where there is any, the model is on a key of its own.
      const secret = model.poolKeys ? JSON.stringify(model.poolKeys) : model.apiKey;
      try {
        await pool.query(
          `INSERT INTO hologen_internal.deployed_models
             (model_name, model_type, model_provider, task, endpoint, api_key, config, deployed_by, deployed_by_oid)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
          [
            model.name,
            model.modelType,
            model.provider,
            model.task,
            model.endpoint ?? null,
            secret === undefined ? null : secrets.seal(secret),
            JSON.stringify(model.config),
            model.deployedBy.role,
            model.deployedBy.roleOid,
          ],
        );
      } catch (error) {
        if ((error as { code?: string }).code !== uniqueViolation) throw error;
        throw new KnownError({
          kind: 'duplicateObject',
          message: `external model "${model.name}" already exists`,
          hint: `Choose another name, or first CALL delete_external_model('${model.name}').`,
        });
      }
    },
    async remove(name) {
      // Within a day all that was sent with it has ended; what waits for a paused model may wait for longer.
      const { rowCount } = await pool.query(
        `WITH old AS (DELETE FROM hologen_internal.removed_models r WHERE removed_at < clock_timestamp() - interval '2 days'
             AND NOT EXISTS (SELECT FROM hologen_internal.job j WHERE j.state IN (${openStates}) AND j.model_name = r.model_name)),
           removed AS (DELETE FROM hologen_internal.deployed_models WHERE model_name = $1 RETURNING *)
         INSERT INTO hologen_internal.removed_models (${columns}) SELECT ${columns} FROM removed`,
        [name],
      );
      if (rowCount === 0) throw unknownModel(name);
    },
  };
}

function granting(pool: EnginePool): Pick<Catalogue, 'mayCall' | 'grant' | 'revoke'> {
  return {
    async mayCall(name, role) {
      const { rows } = await pool.query<{ may: boolean }>(
        `SELECT EXISTS (SELECT FROM hologen_internal.model_grant g LEFT JOIN pg_roles r ON r.rolname = g.role_name AND r.oid = g.role_oid
           WHERE g.model_name = ANY (hologen_internal.same_models($1)) AND (g.role_name = 'public' OR pg_has_role($2, r.oid, 'USAGE'))) AS may`,
        [name, role],
      );
      return rows[0]?.may ?? false;
    },
    async grant(name, role) {
      await restrict(name, pool);
      const { rowCount } = await pool.query(
        `INSERT INTO hologen_internal.model_grant (model_name, role_name, role_oid)
         SELECT $1, $2::text, 0 WHERE $2 = 'public' UNION ALL SELECT $1, rolname, oid FROM pg_roles WHERE rolname = $2
         ON CONFLICT (model_name, role_name) DO UPDATE SET role_oid = excluded.role_oid`,
        [name, role],
      );
      if (rowCount !== 0) return;
      throw new KnownError({
        kind: 'undefinedObject',
        message: `role "${role}" does not exist`,
        hint: "Name a role of the engine, or 'public' for everybody.",
      });
    },
    async revoke(name, role) {
      await restrict(name, pool);
      await pool.query('DELETE FROM hologen_internal.model_grant WHERE model_name = $1 AND role_name = $2', [
        name,
        role,
      ]);
    },
  };
}

/** From the first grant or revoke on, who is not named may not call the model. */
async function restrict(name: string, pool: EnginePool): Promise<void> {
  const { rowCount } = await pool.query(
    'UPDATE hologen_internal.deployed_models SET restricted = true WHERE model_name = $1',
    [name],
  );
  if (rowCount === 0) throw unknownModel(name);
}

function unknownModel(name: string): KnownError {
  return new KnownError({
    kind: 'undefinedObject',
    message: `external model "${name}" does not exist`,
    hint: 'SELECT * FROM list_external_models() shows what is deployed.',
  });
}
