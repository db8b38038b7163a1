/** All SQL of the console but the gallery's. It runs as the role that is signed in, so the views decide what that role may see. */
import type pg from 'pg';
import { cardColumns, type JobRow } from './gallery.js';

type Database = Pick<pg.Pool, 'query'>;

export const asksRights = `SELECT administers, calls, sees_all OR sees_shared AS "seesOthers" FROM hologen.my_rights`;

export async function jobsOfRequests(db: Database, providerRequestIds: string[]): Promise<JobRow[]> {
  if (providerRequestIds.length === 0) return [];
  const { rows } = await db.query<JobRow>(
    `SELECT ${cardColumns} FROM hologen.jobs WHERE provider_request_id = ANY ($1) ORDER BY jobs.submitted_at, jobs.job_id LIMIT 200`,
    [providerRequestIds],
  );
  return rows;
}

/** Every pair of role and model that there are jobs of. */
export async function listRolesAndModels(
  db: Database,
  role: string | null,
): Promise<{ role_name: string; model_name: string }[]> {
  const { rows } = await db.query<{ role_name: string; model_name: string }>(
    `SELECT role_name, model_name FROM hologen.callers ${role === null ? '' : 'WHERE role_name = $1'} ORDER BY 1, 2 LIMIT 2000`,
    role === null ? [] : [role],
  );
  return rows;
}

export interface JobDetailsRow extends JobRow {
  database_name: string;
  application_name: string;
  statement: string | null;
  statement_at: Date;
  request: string;
  file: { oss_path: string; oss_endpoint: string; role_arn: string } | null;
  result: string | null;
  error: { sqlstate?: string; message?: string; detail?: string } | null;
  hold_up: { since: string; message: string } | null;
  usage: unknown;
  units: Record<string, unknown> | null;
  price: string | null;
  estimated_price: string | null;
  currency: string | null;
  attempts: number;
  task_id: string | null;
  key_name: string | null;
  started_at: Date | null;
  finished_at: Date | null;
  claimed_at: Date | null;
  shared: boolean;
  tag: string | null;
}

export async function findJob(db: Database, jobId: string): Promise<JobDetailsRow | undefined> {
  const { rows } = await db.query<JobDetailsRow>(
    `SELECT ${cardColumns}, database_name, application_name, statement, statement_at,
       CASE WHEN json_typeof(request) = 'object' THEN request::text ELSE request #>> '{}' END AS request, file, result, error, hold_up, usage, units,
       price, estimated_price, currency, attempts, task_id, key_name, started_at, finished_at, claimed_at, shared, tag
     FROM hologen.jobs WHERE job_id = $1`,
    [jobId],
  );
  return rows[0];
}

/** The session may be read-only; what this writes is the gateway's to write. */
export async function shareJob(pool: pg.Pool, jobId: string, shared: boolean): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN READ WRITE');
    await client.query('SELECT hologen.share_job($1, $2)', [jobId, shared]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

export interface RunningRow {
  statement_at: Date;
  role_name: string;
  database_name: string;
  application_name: string;
  engine_process_id: number;
  statement: string | null;
  models: string[] | null;
  calls: number;
  queued: number;
  running: number;
  saving: number;
  done: number;
  failed: number;
  elapsed_seconds: number;
  remaining_seconds: number | null;
  held_up_since: Date | null;
  held_up_why: string | null;
  giving_way: number;
  giving_way_until: Date | null;
  wanted_by: Date | null;
}

export async function listRunning(db: Database) {
  const { rows } = await db.query<RunningRow>(
    `SELECT statement_at, role_name, database_name, application_name, engine_process_id, statement, models, calls::int, queued::int,
       running::int, saving::int, done::int, failed::int, elapsed_seconds::float8, remaining_seconds::float8, held_up_since, held_up_why,
       giving_way::int, giving_way_until, wanted_by
     FROM hologen.progress ORDER BY statement_at, engine_process_id`,
  );
  return rows;
}

export interface QueueRow {
  model_type: string;
  queued: number;
  running: number;
  submits_per_second: number | null;
  concurrent_tasks: number | null;
  pace: number | null;
  paused_seconds: number | null;
  key_name: string | null;
  cooling_seconds: number | null;
  paused_by: string | null;
  paused_since: Date | null;
  paused_why: string | null;
  giving_way: number;
}

export async function listQueues(db: Database): Promise<QueueRow[]> {
  const { rows } = await db.query<QueueRow>(
    `SELECT model_type, queued::int, running::int, submits_per_second::float8, concurrent_tasks::int, pace::float8, paused_seconds::float8,
       paused_by, paused_since, paused_why, key_name, cooling_seconds::float8, giving_way::int
     FROM hologen.queues ORDER BY model_type, key_name`,
  );
  return rows;
}

export interface GatewayRow {
  draining_since: Date | null;
  drained_by: string | null;
  waiting_statements: number;
  open_calls: number;
}

/** The one that serves this console. */
export async function ownGateway(db: Database): Promise<GatewayRow | undefined> {
  const { rows } = await db.query<GatewayRow>(
    `SELECT draining_since, drained_by, waiting_statements::int, open_calls::int FROM hologen.gateways WHERE serves_me`,
  );
  return rows[0];
}

export async function drainGateway(db: Database): Promise<void> {
  await db.query('CALL hologen.drain_gateway()');
}

export async function undrainGateway(db: Database): Promise<void> {
  await db.query('CALL hologen.undrain_gateway()');
}

export async function pauseModel(db: Database, model: string): Promise<void> {
  await db.query('CALL hologen.pause_model($1)', [model]);
}

export async function resumeModel(db: Database, model: string): Promise<void> {
  await db.query('CALL hologen.resume_model($1)', [model]);
}

/** False: there is no such process, or it is idle; an error: the engine does not let this role cancel it. */
export async function cancelStatement(db: Database, engineProcessId: number): Promise<boolean> {
  const { rows } = await db.query<{ done: boolean }>('SELECT pg_cancel_backend($1) AS done', [
    engineProcessId,
  ]);
  return rows[0]?.done ?? false;
}

export interface DeployedRow {
  model_name: string;
  model_type: string;
  model_provider: string;
  task: string;
  config: unknown;
  deployed_by: string;
  deployed_at: Date;
  granted_to: string[];
  price: string | null;
}

export async function listDeployed(db: Database): Promise<DeployedRow[]> {
  const { rows } = await db.query<DeployedRow>(
    `SELECT m.model_name, m.model_type, m.model_provider, m.task, m.config, m.deployed_by, m.deployed_at, d.price,
       ARRAY(SELECT g.role_name FROM hologen.model_grants g WHERE g.model_name = m.model_name ORDER BY 1) AS granted_to
     FROM hologen.list_external_models() m LEFT JOIN hologen.models d USING (model_name) ORDER BY m.task, m.model_name`,
  );
  return rows;
}

export async function listSupported(db: Database) {
  const { rows } = await db.query<{
    model_type: string;
    task: string;
    scenarios: string[];
    mode: string;
    sizes: string | null;
    pictures: string | null;
    duration: string | null;
    reference_files: string | null;
    submits_per_second: number;
    concurrent_tasks: number | null;
    price: string;
  }>(
    `SELECT model_type, task, scenarios, mode, sizes, pictures, duration, reference_files, submits_per_second::float8, concurrent_tasks, price
     FROM hologen.supported_models`,
  );
  return rows;
}

export async function deployModel(
  db: Database,
  model: { name: string; type: string; provider: string; task: string; config: string },
): Promise<void> {
  await db.query('CALL hologen.register_external_model($1, $2, $3, $4::json, $5)', [
    model.name,
    model.type,
    model.provider,
    model.config,
    model.task,
  ]);
}

export async function removeModel(db: Database, name: string): Promise<void> {
  await db.query('CALL hologen.delete_external_model($1)', [name]);
}

export async function deployUsualModels(db: Database): Promise<void> {
  await db.query('CALL hologen.register_usual_models()');
}

export async function grantModel(db: Database, model: string, role: string): Promise<void> {
  await db.query('CALL hologen.grant_model($1, $2)', [model, role]);
}

export async function revokeModel(db: Database, model: string, role: string): Promise<void> {
  await db.query('CALL hologen.revoke_model($1, $2)', [model, role]);
}

export interface DayOfUseRow {
  day: string;
  role_name: string;
  model_name: string;
  calls: number;
  pictures: number;
  seconds: number;
  tokens: number;
  price: number;
  currency: string;
}

export const dailyUsageStatement = `SELECT day::text, role_name, model_name, calls::int, pictures::float8, seconds::float8, tokens::float8,
    price::float8, currency
  FROM hologen.daily_usage WHERE day >= current_date - $1::int ORDER BY daily_usage.day, role_name, model_name`;

export async function listDailyUsage(db: Database, days: number): Promise<DayOfUseRow[]> {
  return (await db.query<DayOfUseRow>(dailyUsageStatement, [days - 1])).rows;
}

export async function today(db: Database): Promise<string> {
  const { rows } = await db.query<{ today: string }>('SELECT current_date::text AS today');
  return rows[0]?.today ?? '';
}

export async function estimate(db: Database, statement: string) {
  const { rows } = await db.query<{
    model_name: string;
    model_type: string;
    calls: number;
    pictures: number | null;
    seconds: number | null;
    price: number | null;
    currency: string | null;
  }>(
    `SELECT model_name, model_type, calls::int, pictures::int, seconds::float8, price::float8, currency
     FROM hologen.ai_estimate($1)`,
    [statement],
  );
  return rows;
}
