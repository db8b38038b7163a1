/**
 * The ledger in the engine's own tables: each change committed before it is reported, together with those of its moment.
 *
 * Room: src/ledger holds what is written down and must outlive the process: jobs, models, budgets, gateways, and their SQL.
 */
import type { ClientBase } from 'pg';
import type { Logger } from 'pino';
import type { EnginePool } from '../engine/pool.js';
import { KnownError, kindOf, sqlstateOf } from '../errors.js';
import { storable, storableJson } from '../json.js';
import { type Query, retrying, telling, type Writers } from './after-the-end.js';
import { inBatches } from './batches.js';
import { type BudgetNews, overBudget, type PassedBudget, softBudgetNote } from './budgets.js';
import { earlier } from './earlier.js';
import { cancelChannel, sayOn } from './gateways.js';
import type { JobChange, JobFailure, Ledger, NewJob, ReservedCalls, UnfinishedJob } from './job.js';
import * as statements from './ledger-sql.js';
import { changePatienceMs, isNotifyQueueFull, patiently, untilWritten } from './patience.js';
import type { JobState } from './states.js';
import { inTransaction } from './transaction.js';

/** `gatewayId`: whose jobs are opened and changed here. `tell`: a soft budget was passed for the first time in its period. */
export function createLedger(pool: EnginePool, gatewayId: string, tell: BudgetNews, log: Logger): Ledger {
  const query: Query = (name, text, values) =>
    patiently(pool, () => pool.query({ name, text, values })).then(({ rows }) => rows);
  const surely: Query = (...statement) => untilWritten(pool, () => query(...statement), log);
  const writes = writing(pool, gatewayId, { query, surely }, log);
  return {
    ...opening(pool, gatewayId, { tell, surely, change: writes.change }),
    ...writes,
    ...telling(query),
    ...retrying(query),
    ...earlier(pool, gatewayId, { query, surely }),
    ...reading(query),
    takeOver: (gatewayIds) => takeOverJobs(pool, { gatewayId, goneIds: gatewayIds }, surely),
    async cancelsAsked() {
      const rows = await query('cancels-asked', statements.cancelsAsked, [gatewayId]);
      return rows.map(({ id }) => id);
    },
  };
}

type Writing = 'change' | 'release' | 'tellUnanswered' | 'askCancel' | 'share';

function opening(
  pool: EnginePool,
  gatewayId: string,
  { tell, surely, change }: { tell: BudgetNews; surely: Query; change: Ledger['change'] },
): Pick<Ledger, 'open' | 'reserve' | 'unreserve'> {
  const open = inBatches(
    ({ jobs }: NewJobs) => jobs[0]?.id ?? '',
    (batches) => patiently(pool, () => openJobs(pool, gatewayId, batches)),
  );
  return {
    async open(jobs, reservation) {
      const passedBudgets =
        jobs.length === 0
          ? []
          : await open({ jobs, reservation }).catch((error: unknown) => {
              // Perhaps they are: nobody would ever send them, nor give their room in budgets back.
              for (const { id } of jobs) void change(id, neverBegun).catch(() => {});
              throw error;
            });
      for (const passed of passedBudgets) if (!passed.budget.soft) throw overBudget(passed);
      return passedBudgets.map((passed) => {
        const text = softBudgetNote(passed);
        if (passed.news) tell({ text, passed });
        return text;
      });
    },
    async reserve(calls) {
      const rows = JSON.stringify(calls.map(reservedRow));
      return patiently(pool, async () => {
        const { rows: answers } = await pool.query(statements.reserve, [rows, gatewayId]);
        return answers[0]?.kept === true;
      });
    },
    async unreserve(ids) {
      if (ids.length > 0) await surely('unreserve', statements.unreserve, [ids]);
    },
  };
}

const neverBegun: JobChange = {
  state: 'cancelled',
  error: { kind: 'queryCanceled', message: 'the engine did not say for too long whether its job was opened' },
};

/** Of one statement. */
interface NewJobs {
  jobs: NewJob[];
  /** Their room in budgets. */
  reservation: string | undefined;
}

function writing(
  pool: EnginePool,
  gatewayId: string,
  { query, surely }: Writers,
  log: Logger,
): Pick<Ledger, Writing> {
  const change = inBatches(
    (one: IdentifiedChange) => one.id,
    (changes) => patiently(pool, () => changeJobs(pool, gatewayId, changes), changePatienceMs),
  );
  return {
    async change(id, news) {
      if (!(await untilWritten(pool, () => change({ ...news, id }), log))) throw takenOver(id);
    },
    async release(ids) {
      if (ids.length > 0) await surely('release-jobs', statements.release, [ids]);
    },
    async tellUnanswered({ role, roleOid }) {
      const [row] = await query('tell-unanswered', statements.tellUnanswered, [role, roleOid]);
      return row && { ...row, money: Number(row.money) };
    },
    async share(id, { role, roleOid }, among, shared) {
      const rows = await query('share-job', statements.share, [id, role, roleOid, among, shared]);
      return rows.length > 0;
    },
    async askCancel(id) {
      await query('ask-cancel', statements.askCancel, [id]);
      await sayOn(cancelChannel, id, (text, values) => pool.query(text, values));
    },
  };
}

type Reading =
  | 'isTakenSince'
  | 'transactionOutcomes'
  | 'find'
  | 'cancelAsked'
  | 'untoldRoles'
  | 'fileOfOutput'
  | 'knownTasks';

function reading(query: Query): Pick<Ledger, Reading> {
  return {
    async find(id, { role, roleOid }) {
      const [row]: OutcomeRow[] = await query('find-job', statements.find, [id, role, roleOid]);
      return (
        row && {
          state: row.state,
          modelType: row.model_type,
          result: row.result ?? undefined,
          error: row.error ? readFailure(row.error) : undefined,
          keyName: row.key_name ?? undefined,
          holdUp: row.hold_up ? { ...readFailure(row.hold_up), since: row.hold_up.since } : undefined,
          providerRequestId: row.provider_request_id ?? undefined,
        }
      );
    },
    async cancelAsked(id) {
      const [row] = await query('cancel-asked', statements.cancelAsked, [id]);
      return row?.asked ?? false;
    },
    async transactionOutcomes(ids) {
      const rows = await query('transaction-outcomes', statements.transactionOutcomes, [ids]);
      return new Map(rows.map(({ id, outcome }) => [id, outcome]));
    },
    async untoldRoles() {
      return await query('untold-roles', statements.untoldRoles, []);
    },
    async fileOfOutput(ossPath, { role, roleOid }, sight) {
      const outputs = JSON.stringify([{ ossPath }]);
      const [row] = await query('file-of-output', statements.fileOfOutput, [outputs, role, roleOid, sight]);
      return row?.file;
    },
    async isTakenSince(id, ossPath) {
      const [row] = await query('is-taken-since', statements.isTakenSince, [
        id,
        JSON.stringify([{ ossPath }]),
      ]);
      return row?.taken === true;
    },
    async knownTasks(taskIds) {
      const rows = await query('known-tasks', statements.knownTasks, [taskIds]);
      return new Set(rows.map((row) => row.id));
    },
  };
}

interface OutcomeRow {
  state: JobState;
  model_type: string;
  result: string | null;
  error: WrittenFailure | null;
  hold_up: (WrittenFailure & { since: string }) | null;
  key_name: string | null;
  provider_request_id: string | null;
}

/** As people read it in hologen.jobs: with the SQLSTATE that its client was told. */
type WrittenFailure = Omit<JobFailure, 'kind'> & { sqlstate: string };

function writtenFailure({ kind, ...failure }: JobFailure): WrittenFailure {
  return { sqlstate: sqlstateOf(kind), ...failure };
}

function writtenHoldUp({ since, ...failure }: NonNullable<JobChange['holdUp']>) {
  return { since, ...writtenFailure(failure) };
}

function readFailure({ sqlstate, ...failure }: WrittenFailure): JobFailure {
  return { kind: kindOf(sqlstate), ...failure };
}

type IdentifiedChange = JobChange & { id: string };

/** This gateway was away for so long that another one goes on with its jobs. */
function takenOver(id: string): KnownError {
  return new KnownError({
    kind: 'adminShutdown',
    message: `another gateway has taken over the call (job ${id})`,
    hint: 'Run the statement again: it takes the result when it is there.',
    retryable: true,
  });
}

async function takeOverJobs(
  pool: EnginePool,
  { gatewayId, goneIds }: { gatewayId: string; goneIds: string[] },
  surely: Query,
): Promise<UnfinishedJob[]> {
  // Whose jobs they are is in writing before this gateway knows of them: where it never comes to know, they stay the others'.
  const rows = await inTransaction(
    pool,
    async (client) => (await client.query(statements.takeOver, [gatewayId, goneIds])).rows,
    (taken) => areOwn(surely, gatewayId, taken),
  );
  return rows.map((row) => ({
    id: row.job_id,
    state: row.state,
    detached: row.detached,
    released: row.released,
    transactionId: row.transaction_id ?? undefined,
    cancelAsked: row.cancel_asked,
    role: row.role_name,
    roleOid: row.role_oid,
    modelName: row.model_name,
    modelDeployedAt: row.model_deployed_at ?? undefined,
    request: row.request,
    file: row.file ?? undefined,
    requestKey: row.request_key,
    taskId: row.task_id ?? undefined,
    keyName: row.key_name ?? undefined,
    providerRequestId: row.provider_request_id ?? undefined,
    priority: row.priority ?? 'normal',
    by: row.wanted_by?.getTime(),
    usage: row.usage ?? {},
    outputs: row.outputs,
    openedAt: agoOnOwnClock(row.opened_ms_ago),
    startedAt: row.started_ms_ago === null ? undefined : agoOnOwnClock(row.started_ms_ago),
  }));
}

async function areOwn(surely: Query, gatewayId: string, taken: { job_id: string }[]): Promise<boolean> {
  const ids = taken.map((row) => row.job_id);
  const [row] = await surely('are-own', statements.areOwn, [ids, gatewayId]);
  return row?.own === true;
}

/** The engine's clock may be another machine's, and go another way. */
function agoOnOwnClock(ms: number): Date {
  return new Date(Date.now() - ms);
}

/** What could not be written because nobody can be told of it is written, and told to nobody. */
function untold<T>(pool: EnginePool, error: unknown, write: (client: ClientBase) => Promise<T>): Promise<T> {
  if (!isNotifyQueueFull(error)) throw error;
  return inTransaction(pool, async (client) => {
    await client.query(statements.tellNobody);
    return write(client);
  });
}

/** For each statement's jobs the budget they would go over, or the soft ones that they have passed: then they are open. */
async function openJobs(pool: EnginePool, gatewayId: string, batches: NewJobs[]): Promise<PassedBudget[][]> {
  type Passed = PassedBudget & { place: number };
  const text = 'SELECT * FROM hologen_internal.open_jobs($1, $2)';
  const values = [
    storableJson(batches.map(({ jobs, reservation }) => jobs.map((job) => jobRow(job, reservation)))),
    gatewayId,
  ];
  const { rows } = await pool
    .query<Passed>({ name: 'open-jobs', text, values })
    .catch((error: unknown) => untold(pool, error, (client) => client.query<Passed>(text, values)));
  return batches.map((_, index) => rows.filter(({ place }) => place === index + 1));
}

function reservedRow({ id, origin, ...calls }: ReservedCalls) {
  return {
    reservation_id: id,
    role_name: origin.role,
    database_name: origin.database,
    application_name: origin.application,
    tag: calls.tag,
    model_name: calls.modelName,
    estimated_price: calls.estimatedPrice,
    currency: calls.currency,
    calls: calls.calls,
  };
}

function jobRow(job: NewJob, reservation: string | undefined) {
  const { origin } = job;
  return {
    reservation_id: reservation,
    job_id: job.id,
    statement_id: job.statementId,
    statement_text: job.statementText,
    role_name: origin.role,
    role_oid: origin.roleOid,
    database_name: origin.database,
    application_name: origin.application,
    engine_process_id: origin.engineProcessId,
    statement_at: origin.statementAt,
    model_name: job.modelName,
    model_type: job.modelType,
    model_deployed_at: job.modelDeployedAt,
    transaction_id: job.transactionId,
    scenario: job.scenario,
    // As it was written: a number that JavaScript cannot hold keeps its text.
    request_text: storable(job.request),
    request_is_object: isObjectText(job.request),
    file: job.file,
    request_key: job.requestKey,
    detached: job.detached,
    estimated_price: job.estimatedPrice,
    currency: job.currency,
    tag: job.tag,
    webhook: job.webhook,
    priority: job.priority === 'normal' ? undefined : job.priority,
    wanted_by: job.by === undefined ? undefined : new Date(job.by),
    label: job.label,
    in_place_of: job.inPlaceOf,
  };
}

/** A request that is an object is kept as one, so that people can look into it; any other text as a JSON string. */
function isObjectText(text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** For each change whether the job is (still) this gateway's. */
async function changeJobs(
  pool: EnginePool,
  gatewayId: string,
  changes: IdentifiedChange[],
): Promise<boolean[]> {
  const rows = changes.map(({ id, error, holdUp, ...same }) => ({
    job_id: id,
    error: error && writtenFailure(error),
    // A null in JSON is no value in SQL.
    holdUp: holdUp === null ? false : holdUp && writtenHoldUp(holdUp),
    ...same,
  }));
  const values = [storableJson(rows), gatewayId];
  type Changed = { job_id: string };
  const changed = await pool
    .query<Changed>({ name: 'change-jobs', text: statements.change, values })
    .catch((error: unknown) =>
      untold(pool, error, (client) => client.query<Changed>(statements.changeUntold, values)),
    );
  const ids = new Set(changed.rows.map((row) => row.job_id));
  return changes.map(({ id }) => ids.has(id));
}
