/** The ledger in the engine's own table: one row a job, each change committed before it is reported, together with those of its moment. */
import { setTimeout as delay } from 'node:timers/promises';
import type { JobChange, Ledger, NewJob, UnfinishedJob } from '../generation/ledger.js';
import { inBatches } from './batches.js';
import type { EnginePool } from './pool.js';

/** What is paid for must be written: an engine that is being restarted is waited for. */
const patienceMs = 120_000;
const pauseMs = 200;
/** PostgreSQL's classes of lost connections and shutdowns, too many connections, and node's names for the same. */
const passing = /^(08|57P|53300|ECONN|EPIPE|ENOENT)/;

export function createLedger(pool: EnginePool): Ledger {
  const open = inBatches(
    (job: NewJob) => job.id,
    (jobs) => patiently(() => openJobs(pool, jobs)),
  );
  const change = inBatches(
    (one: IdentifiedChange) => one.id,
    (changes) => patiently(() => changeJobs(pool, changes)),
  );
  const find = inBatches(
    (wish: Wish) => `${wish.role} ${wish.requestKey}`,
    (wishes) => findUnclaimed(pool, wishes),
  );
  return {
    open,
    change: (id, news) => change({ ...news, id }),
    claim: (ids) => patiently(() => claimJobs(pool, ids)),
    findUnclaimed: (role, requestKey, except) => find({ role, requestKey, except }),
    unfinished: () => unfinishedJobs(pool),
    async knownTasks(taskIds) {
      const { rows } = await patiently(() =>
        pool.query<{ id: string }>('SELECT task_id AS id FROM hologen.job WHERE task_id = ANY ($1)', [
          taskIds,
        ]),
      );
      return new Set(rows.map((row) => row.id));
    },
  };
}

async function claimJobs(pool: EnginePool, ids: string[]): Promise<void> {
  await pool.query({
    name: 'claim-jobs',
    text: 'UPDATE hologen.job SET claimed_at = coalesce(claimed_at, clock_timestamp()) WHERE job_id = ANY ($1)',
    values: [ids],
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

async function openJobs(pool: EnginePool, jobs: NewJob[]): Promise<undefined[]> {
  await pool.query({
    name: 'open-jobs',
    // A write whose answer was lost is repeated: the row may be there.
    text: `INSERT INTO hologen.job (job_id, state, role_name, database_name, application_name, engine_process_id, statement_at,
        model_name, model_type, scenario, request, file, request_key, submitted_at)
      SELECT job_id, 'submitted', role_name, database_name, application_name, engine_process_id, statement_at,
        model_name, model_type, scenario, request, file, request_key, clock_timestamp()
      FROM json_to_recordset($1) AS new (job_id uuid, role_name text, database_name text, application_name text,
        engine_process_id integer, statement_at timestamptz, model_name text, model_type text, scenario text, request json,
        file json, request_key text)
      ON CONFLICT (job_id) DO NOTHING`,
    values: [
      JSON.stringify(
        jobs.map(({ id, origin, modelName, modelType, scenario, request, file, requestKey }) => ({
          job_id: id,
          role_name: origin.role,
          database_name: origin.database,
          application_name: origin.application,
          engine_process_id: origin.engineProcessId,
          statement_at: origin.statementAt,
          model_name: modelName,
          model_type: modelType,
          scenario,
          request,
          file,
          request_key: requestKey,
        })),
      ),
    ],
  });
  return jobs.map(() => undefined);
}

type IdentifiedChange = JobChange & { id: string };

async function changeJobs(pool: EnginePool, changes: IdentifiedChange[]): Promise<undefined[]> {
  await pool.query({
    name: 'change-jobs',
    // The times follow from the states, so that no writer can forget one.
    text: `UPDATE hologen.job SET
        state = coalesce(new.state, job.state),
        task_id = coalesce(new.task_id, job.task_id),
        provider_request_id = coalesce(new.provider_request_id, job.provider_request_id),
        usage = coalesce(new.usage, job.usage),
        outputs = coalesce(new.outputs, job.outputs),
        result = coalesce(new.result, job.result),
        error = coalesce(new.error, job.error),
        -- Of several attempts the last one counts: a lost answer is looked for from there.
        started_at = CASE WHEN new.state = 'running' THEN clock_timestamp() ELSE started_at END,
        generated_at = CASE WHEN new.state IN ('saving', 'succeeded') THEN coalesce(generated_at, clock_timestamp()) ELSE generated_at END,
        finished_at = CASE WHEN new.state IN ('succeeded', 'failed', 'cancelled', 'unanswered') THEN clock_timestamp() ELSE finished_at END
      FROM json_to_recordset($1) AS new (job_id uuid, state text, task_id text, provider_request_id text, usage json, outputs json,
        result text, error json)
      WHERE job.job_id = new.job_id`,
    values: [
      JSON.stringify(
        changes.map(({ id, taskId, providerRequestId, ...same }) => ({
          job_id: id,
          task_id: taskId,
          provider_request_id: providerRequestId,
          ...same,
        })),
      ),
    ],
  });
  return changes.map(() => undefined);
}

interface Wish {
  role: string;
  requestKey: string;
  except: string[];
}

/** For each wish the oldest unclaimed result, if there is one. */
async function findUnclaimed(
  pool: EnginePool,
  wishes: Wish[],
): Promise<({ id: string; result: string } | undefined)[]> {
  const { rows } = await pool.query<{ id: string | null; result: string }>({
    name: 'find-unclaimed',
    text: `SELECT found.id, found.result
      FROM json_array_elements($1) WITH ORDINALITY AS each (value, place)
      CROSS JOIN LATERAL json_to_record(each.value) AS wish (role text, "requestKey" text, "except" uuid[])
      LEFT JOIN LATERAL (
        SELECT job_id AS id, result FROM hologen.job
        WHERE role_name = wish.role AND request_key = wish."requestKey" AND state = 'succeeded' AND claimed_at IS NULL
          AND job_id <> ALL (wish."except")
        ORDER BY submitted_at LIMIT 1) AS found ON true
      ORDER BY place`,
    values: [JSON.stringify(wishes)],
  });
  return rows.map(({ id, result }) => (id === null ? undefined : { id, result }));
}
