/** The ledger in the engine's own table: one row a job, each change committed at once. */
import { setTimeout as delay } from 'node:timers/promises';
import type { JobChange, Ledger, NewJob, UnfinishedJob } from '../generation/ledger.js';
import type { EnginePool } from './pool.js';

/** What is paid for must be written: an engine that is being restarted is waited for. */
const patienceMs = 120_000;
const pauseMs = 200;
/** PostgreSQL's classes of lost connections and shutdowns, and node's names for the same. */
const passing = /^(08|57P|ECONN|EPIPE|ENOENT)/;

export function createLedger(pool: EnginePool): Ledger {
  return {
    open: (job) => patiently(() => openJob(pool, job)),
    change: (id, change) => patiently(() => changeJob(pool, id, change)),
    claim: (ids) => patiently(() => setClaimed(pool, ids, true)),
    release: (ids) => patiently(() => setClaimed(pool, ids, false)),
    async takeUnclaimed(role, requestKey, except) {
      const { rows } = await pool.query<{ id: string; result: string }>({
        name: 'take-unclaimed',
        text: `UPDATE hologen.job SET claimed_at = clock_timestamp() WHERE job_id = (
            SELECT job_id FROM hologen.job
            WHERE role_name = $1 AND request_key = $2 AND state = 'succeeded' AND claimed_at IS NULL AND job_id <> ALL ($3)
            ORDER BY submitted_at LIMIT 1 FOR UPDATE SKIP LOCKED)
          RETURNING job_id AS id, result`,
        values: [role, requestKey, except],
      });
      return rows[0];
    },
    unfinished: () => unfinishedJobs(pool),
    async knownTasks(taskIds) {
      const { rows } = await pool.query<{ id: string }>(
        'SELECT task_id AS id FROM hologen.job WHERE task_id = ANY ($1)',
        [taskIds],
      );
      return new Set(rows.map((row) => row.id));
    },
  };
}

async function setClaimed(pool: EnginePool, ids: string[], claimed: boolean): Promise<void> {
  await pool.query({
    name: 'claim-jobs',
    text: 'UPDATE hologen.job SET claimed_at = CASE WHEN $2 THEN coalesce(claimed_at, clock_timestamp()) END WHERE job_id = ANY ($1)',
    values: [ids, claimed],
  });
}

async function patiently<T>(write: () => Promise<T>): Promise<T> {
  for (const giveUpAt = Date.now() + patienceMs; ; await delay(pauseMs)) {
    try {
      return await write();
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      const lost = passing.test(code ?? '') || /connection terminated|timeout exceeded/i.test(message);
      if (!lost || Date.now() > giveUpAt) throw error;
    }
  }
}

async function unfinishedJobs(pool: EnginePool): Promise<UnfinishedJob[]> {
  const { rows } = await pool.query(
    `SELECT job_id, state, role_name, model_name, request #>> '{}' AS request, file, request_key, task_id, provider_request_id, usage,
       outputs, started_at
     FROM hologen.job WHERE state IN ('submitted', 'running', 'saving') ORDER BY submitted_at`,
  );
  return rows.map((row) => ({
    id: row.job_id,
    state: row.state,
    role: row.role_name,
    modelName: row.model_name,
    request: row.request,
    file: row.file ?? undefined,
    requestKey: row.request_key,
    taskId: row.task_id ?? undefined,
    providerRequestId: row.provider_request_id ?? undefined,
    usage: row.usage ?? {},
    outputs: row.outputs,
    startedAt: row.started_at ?? undefined,
  }));
}

async function openJob(pool: EnginePool, job: NewJob): Promise<void> {
  const { origin } = job;
  await pool.query({
    name: 'open-job',
    text: `INSERT INTO hologen.job (job_id, state, role_name, database_name, application_name, engine_process_id, statement_at,
        model_name, model_type, scenario, request, file, request_key, submitted_at)
      VALUES ($1, 'submitted', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, clock_timestamp())`,
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
      job.requestKey,
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
        finished_at = CASE WHEN $2 IN ('succeeded', 'failed', 'cancelled', 'unanswered') THEN clock_timestamp() ELSE finished_at END
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
