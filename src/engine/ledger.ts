/** The ledger in the engine's own table: one row a job, each change committed at once. */
import type { JobChange, Ledger, NewJob } from '../generation/ledger.js';
import type { EnginePool } from './pool.js';

export function createLedger(pool: EnginePool): Ledger {
  return { open: (job) => openJob(pool, job), change: (id, change) => changeJob(pool, id, change) };
}

async function openJob(pool: EnginePool, job: NewJob): Promise<void> {
  const { origin } = job;
  await pool.query({
    name: 'open-job',
    text: `INSERT INTO hologen.job (job_id, state, role_name, database_name, application_name, engine_process_id, statement_at,
        model_name, model_type, scenario, request, file, submitted_at)
      VALUES ($1, 'submitted', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, clock_timestamp())`,
    values: [
      job.id,
      origin.role,
      origin.database,
      origin.application,
      origin.engineProcessId,
      origin.statementAt,
      job.modelName,
      job.modelType,
      job.scenario,
      JSON.stringify(job.request),
      job.file === undefined ? null : JSON.stringify(job.file),
    ],
  });
}

async function changeJob(pool: EnginePool, id: string, change: JobChange): Promise<void> {
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  await pool.query({
    name: 'change-job',
    // The times follow from the states, so that no writer can forget one.
    text: `UPDATE hologen.job SET
        state = coalesce($2, state),
        task_id = coalesce($3, task_id),
        provider_request_id = coalesce($4, provider_request_id),
        usage = coalesce($5, usage),
        outputs = coalesce($6, outputs),
        result = coalesce($7, result),
        error = coalesce($8, error),
        started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, clock_timestamp()) ELSE started_at END,
        generated_at = CASE WHEN $2 IN ('saving', 'succeeded') THEN coalesce(generated_at, clock_timestamp()) ELSE generated_at END,
        finished_at = CASE WHEN $2 IN ('succeeded', 'failed', 'cancelled') THEN clock_timestamp() ELSE finished_at END
      WHERE job_id = $1`,
    values: [
      id,
      change.state ?? null,
      change.taskId ?? null,
      change.providerRequestId ?? null,
      json(change.usage),
      json(change.outputs),
      change.result ?? null,
      json(change.error),
    ],
  });
}
