/** What the page may ask: one entry a method and path, each answering JSON. */

import { isObject, type Json } from '../../json.js';
import type {
  CallLimits,
  FilterChoices,
  GalleryPage,
  GivingWay,
  JobCard,
  JobDetails,
  Models,
  Money,
  Neighbours,
  Now,
  Queue,
  Run,
  RunningStatement,
  Verdict,
} from './answers.js';
import { listBudgets, removeBudget, setBudget } from './budgets.js';
import { optionalNumber, optionalText, Refusal, requiredText } from './exchange.js';
import { type JobRow, listJobs, neighboursOf, uuidPattern, wordsOf } from './gallery.js';
import { outputsOf, referencesOf } from './job-media.js';
import { changeDegree, listPeople } from './people.js';
import * as queries from './queries.js';
import { review, verdictsOn } from './reviews.js';
import { asVisitor, cancelRun, describeRun, requestIdsOf, requireRun, startRun } from './runs.js';
import type { ConsoleSession } from './sessions.js';
import type { SignedAddresses } from './signed-addresses.js';
import { jobsSince, listHistory, listPlaces } from './statements.js';

export interface Asked {
  session: ConsoleSession;
  /** Of a GET. */
  parameters: URLSearchParams;
  /** Of a POST. */
  body: Json;
  addresses: SignedAddresses;
  /** Where a PostgreSQL client reaches the gateway, as whoever asks reached the console: `host:port/database`. */
  frontDoor: string;
}

export type Route = (asked: Asked) => Promise<unknown> | unknown;

const pageLength = 48;
const mostDays = 366;

export const routes: Record<string, Route> = {
  'GET /api/gallery': gallery,
  'GET /api/choices': choices,
  'GET /api/job': job,
  'GET /api/neighbours': neighbours,
  'GET /api/now': now,
  'GET /api/models': models,
  'GET /api/places': ({ session }) => listPlaces(session.pool),
  'GET /api/history': ({ session }) => listHistory(session.pool),
  'GET /api/money': money,
  'GET /api/people': ({ session, frontDoor }) => listPeople(session.pool, frontDoor),
  'GET /api/run': ({ session, parameters, addresses }) => runState(session, parameters.get('id'), addresses),

  'POST /api/cancel': async ({ session, body }) => ({
    cancelled: await queries.cancelStatement(session.pool, optionalNumber(body, 'engineProcessId') ?? 0),
  }),
  'POST /api/job/share': ({ session, body }) =>
    queries.shareJob(session.pool, requiredText(body, 'id'), body.shared === true),
  'POST /api/models/deploy': ({ session, body }) =>
    queries.deployModel(session.pool, {
      name: requiredText(body, 'name'),
      type: requiredText(body, 'type'),
      provider: optionalText(body, 'provider') ?? 'bailian',
      task: requiredText(body, 'task'),
      config: optionalText(body, 'config') ?? '{}',
    }),
  'POST /api/models/usual': ({ session }) => queries.deployUsualModels(session.pool),
  'POST /api/models/remove': ({ session, body }) =>
    queries.removeModel(session.pool, requiredText(body, 'name')),
  'POST /api/models/pause': ({ session, body }) =>
    queries.pauseModel(session.pool, requiredText(body, 'model')),
  'POST /api/models/resume': ({ session, body }) =>
    queries.resumeModel(session.pool, requiredText(body, 'model')),
  'POST /api/gateway/drain': ({ session }) => queries.drainGateway(session.pool),
  'POST /api/gateway/undrain': ({ session }) => queries.undrainGateway(session.pool),
  'POST /api/models/grant': ({ session, body }) =>
    queries.grantModel(session.pool, requiredText(body, 'model'), requiredText(body, 'role')),
  'POST /api/models/revoke': ({ session, body }) =>
    queries.revokeModel(session.pool, requiredText(body, 'model'), requiredText(body, 'role')),
  'POST /api/budgets/set': ({ session, body }) => setBudget(session.pool, body),
  'POST /api/budgets/remove': ({ session, body }) => removeBudget(session.pool, body),
  'POST /api/review': ({ session, body }) => review(session.pool, body),
  'POST /api/people/degree': ({ session, body }) => changeDegree(session.pool, body),
  'POST /api/estimate': estimate,
  'POST /api/run': ({ session, body, addresses }) =>
    runState(session, startRun(session, requiredText(body, 'statement')).id, addresses),
  'POST /api/run/cancel': ({ session, body }) => {
    // The run itself tells when it is over.
    cancelRun(session, requireRun(session.run, optionalText(body, 'id'))).catch(() => {});
    return {};
  },
};

async function gallery({ session, parameters, addresses }: Asked): Promise<GalleryPage> {
  const given = (name: string) => parameters.get(name) || null;
  const rows = await listJobs(session.pool, {
    // For those who see nothing of others, their own role: the same rows, and an index that has only theirs.
    role: session.who.seesOthers ? given('role') : session.who.role,
    model: given('model'),
    // What was made, unless something else is asked for.
    state: given('state') === 'all' ? null : (given('state') ?? 'succeeded'),
    kind: given('kind'),
    words: wordsOf(given('text')),
    verdict: given('verdict'),
    from: instant(given('from')),
    until: instant(given('until')),
    after: readCursor(given('before')),
    limit: pageLength + 1,
  });
  const shown = rows.slice(0, pageLength);
  const last = shown.at(-1);
  return {
    jobs: await cards(shown, addresses, session),
    next: rows.length > pageLength && last ? `${last.submitted_at}~${last.job_id}` : null,
  };
}

function instant(text: string | null): string | null {
  if (text === null) return null;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new Refusal(400, { message: `"${text}" is not a time` });
  return new Date(time).toISOString();
}

function readCursor(text: string | null): { submittedAt: string; jobId: string } | null {
  if (text === null) return null;
  const [submittedAt = '', jobId = ''] = text.split('~');
  if (Number.isNaN(Date.parse(submittedAt)) || !uuidPattern.test(jobId)) {
    throw new Refusal(400, { message: '"before" is not a place in the gallery' });
  }
  return { submittedAt, jobId };
}

async function neighbours({ session, parameters }: Asked): Promise<Neighbours> {
  const id = parameters.get('id') ?? '';
  return uuidPattern.test(id) ? neighboursOf(session.pool, id) : { newer: null, older: null };
}

async function cards(
  rows: JobRow[],
  addresses: SignedAddresses,
  session: ConsoleSession,
): Promise<JobCard[]> {
  const verdicts = await verdictsOn(
    session.pool,
    rows.map((row) => row.job_id),
  );
  return rows.map((row) => card(row, verdicts.get(row.job_id) ?? [], addresses, session));
}

function card(
  row: JobRow,
  verdicts: Verdict[],
  addresses: SignedAddresses,
  session: ConsoleSession,
): JobCard {
  return {
    id: row.job_id,
    state: row.state as JobCard['state'],
    role: row.role_name,
    model: row.model_name,
    scenario: row.scenario,
    prompt: row.prompt,
    label: row.label,
    submittedAt: new Date(row.submitted_at).toISOString(),
    media: outputsOf(row, addresses, session.id),
    verdicts,
    requestId: row.provider_request_id,
    text: row.text,
    error: row.error_message,
  };
}

async function choices({ session }: Asked): Promise<FilterChoices> {
  const { seesOthers, role } = session.who;
  const pairs = await queries.listRolesAndModels(session.pool, seesOthers ? null : role);
  return {
    roles: [...new Set(pairs.map((pair) => pair.role_name))],
    models: [...new Set(pairs.map((pair) => pair.model_name))].sort(),
  };
}

async function job({ session, parameters, addresses }: Asked): Promise<JobDetails> {
  const id = parameters.get('id') ?? '';
  const row = uuidPattern.test(id) ? await queries.findJob(session.pool, id) : undefined;
  if (!row) throw new Refusal(404, { message: 'there is no such job, or it is not yours' });
  const verdicts = await verdictsOn(session.pool, [row.job_id]);
  return {
    ...card(row, verdicts.get(row.job_id) ?? [], addresses, session),
    modelType: row.model_type,
    database: row.database_name,
    application: row.application_name,
    statement: row.statement,
    statementAt: row.statement_at.toISOString(),
    request: row.request,
    file: row.file,
    references: referencesOf(row, addresses, session.id),
    result: row.result,
    error: row.error,
    usage: row.usage,
    units: row.units,
    price: row.price,
    estimatedPrice: row.estimated_price,
    currency: row.currency,
    attempts: row.attempts,
    heldUp: row.hold_up && { since: row.hold_up.since, why: row.hold_up.message },
    taskId: row.task_id,
    keyName: row.key_name,
    providerRequestId: row.provider_request_id,
    startedAt: row.started_at?.toISOString() ?? null,
    generatedAt: row.generated_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    claimedAt: row.claimed_at?.toISOString() ?? null,
    tag: row.tag,
    shared: row.shared,
  };
}

function drainedOf(gateway: queries.GatewayRow | undefined): Now['drained'] {
  if (!gateway?.draining_since || gateway.drained_by === null) return null;
  const { draining_since: since, drained_by: by, waiting_statements, open_calls } = gateway;
  return { by, since: since.toISOString(), waitingStatements: waiting_statements, openCalls: open_calls };
}

async function now({ session }: Asked): Promise<Now> {
  const [running, queues, gateway] = await Promise.all([
    queries.listRunning(session.pool),
    queries.listQueues(session.pool),
    queries.ownGateway(session.pool),
  ]);
  return {
    drained: drainedOf(gateway),
    statements: running.map(
      (row): RunningStatement => ({
        statementAt: row.statement_at.toISOString(),
        role: row.role_name,
        database: row.database_name,
        application: row.application_name,
        engineProcessId: row.engine_process_id,
        statement: row.statement,
        models: row.models ?? [],
        calls: row.calls,
        queued: row.queued,
        running: row.running,
        saving: row.saving,
        done: row.done,
        failed: row.failed,
        elapsedSeconds: row.elapsed_seconds,
        remainingSeconds: row.remaining_seconds,
        heldUp: row.held_up_since && { since: row.held_up_since.toISOString(), why: row.held_up_why ?? '' },
        givingWay: givingWayOf(row),
      }),
    ),
    queues: queues.map(queueOf),
  };
}

function givingWayOf(row: queries.RunningRow): GivingWay | null {
  if (row.giving_way === 0) return null;
  return {
    calls: row.giving_way,
    until: row.giving_way_until?.toISOString() ?? null,
    wantedBy: row.wanted_by?.toISOString() ?? null,
  };
}

function queueOf(row: queries.QueueRow): Queue {
  return {
    modelType: row.model_type,
    queued: row.queued,
    givingWay: row.giving_way,
    running: row.running,
    submitsPerSecond: row.submits_per_second,
    concurrentTasks: row.concurrent_tasks,
    pace: row.pace,
    pausedSeconds: row.paused_seconds ?? 0,
    key: row.key_name,
    coolingSeconds: row.cooling_seconds ?? 0,
    paused:
      row.paused_by === null || row.paused_since === null
        ? null
        : { by: row.paused_by, since: row.paused_since.toISOString(), why: row.paused_why },
  };
}

async function models({ session }: Asked): Promise<Models> {
  const [deployed, supported, queues] = await Promise.all([
    queries.listDeployed(session.pool),
    queries.listSupported(session.pool),
    queries.listQueues(session.pool),
  ]);
  return {
    deployed: deployed.map((row) => ({
      name: row.model_name,
      type: row.model_type,
      provider: row.model_provider,
      task: row.task,
      config: row.config,
      deployedBy: row.deployed_by,
      deployedAt: row.deployed_at.toISOString(),
      grantedTo: row.granted_to,
      limits: limitsOf(row, queues),
      price: row.price,
    })),
    supported: supported.map((row) => ({
      type: row.model_type,
      task: row.task,
      scenarios: row.scenarios,
      mode: row.mode,
      sizes: row.sizes,
      pictures: row.pictures,
      duration: row.duration,
      referenceFiles: row.reference_files,
      submitsPerSecond: row.submits_per_second,
      concurrentTasks: row.concurrent_tasks,
      price: row.price,
    })),
  };
}

/** Of the widest queue of the type, unless the model's config says other ones. */
function limitsOf({ model_type, config }: queries.DeployedRow, queues: queries.QueueRow[]): CallLimits {
  const rate = ({ submits_per_second: most }: queries.QueueRow) => most ?? Number.POSITIVE_INFINITY;
  const [widest] = queues
    .filter((queue) => queue.model_type === model_type)
    .sort((a, b) => rate(b) - rate(a));
  const own = isObject(config) ? config : {};
  const limit = (name: 'submits_per_second' | 'concurrent_tasks') =>
    typeof own[name] === 'number' ? own[name] : (widest?.[name] ?? null);
  return { submitsPerSecond: limit('submits_per_second'), concurrentTasks: limit('concurrent_tasks') };
}

async function money({ session, parameters }: Asked): Promise<Money> {
  const days = Math.min(mostDays, Math.max(1, Number.parseInt(parameters.get('days') ?? '30', 10) || 30));
  const [rows, today, budgets] = await Promise.all([
    queries.listDailyUsage(session.pool, days),
    queries.today(session.pool),
    listBudgets(session.pool),
  ]);
  return {
    days: rows.map(({ role_name: role, model_name: model, ...rest }) => ({ role, model, ...rest })),
    today,
    budgets,
  };
}

async function estimate({ session, body }: Asked) {
  const rows = await asVisitor(session, (client) =>
    queries.estimate(client, requiredText(body, 'statement')),
  );
  return rows.map((row) => ({
    model: row.model_name,
    modelType: row.model_type,
    calls: row.calls,
    pictures: row.pictures ?? 0,
    seconds: row.seconds ?? 0,
    price: row.price,
    currency: row.currency,
  }));
}

async function runState(
  session: ConsoleSession,
  id: string | null,
  addresses: SignedAddresses,
): Promise<Run> {
  const run = requireRun(session.run, id);
  const told = describeRun(run);
  const rows = await (told.state === 'running'
    ? jobsSince(session.pool, run.startedAt)
    : queries.jobsOfRequests(session.pool, requestIdsOf(run)));
  return { ...told, jobs: await cards(rows, addresses, session) };
}
