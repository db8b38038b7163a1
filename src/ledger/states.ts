/** The states and columns of a job, and what they mean: told once. Statements are made from it; tables, views and docs are checked against it. */

/** What a job may be in the ledger, and in hologen.jobs. */
export const jobStates = {
  submitted: { ended: false, means: 'open, and not sent yet (or sent and surely not taken)' },
  running: { ended: false, means: 'sent: the provider may have taken it' },
  saving: { ended: false, means: 'made; its outputs are being copied into the store' },
  succeeded: { ended: true, means: 'made, saved where that was wanted, and its result is there' },
  failed: {
    ended: true,
    means: 'the provider refused it or could not make it, or what it made could not be saved',
  },
  cancelled: { ended: true, means: 'given up before it was sent, or cancelled at the provider' },
  unanswered: {
    ended: true,
    means: 'sent, and nobody will ever learn what became of it; it may have been billed',
  },
} as const;

export type JobState = keyof typeof jobStates;

/** Nothing will change any more: neither the state nor the result. */
export function hasEnded(state: JobState): boolean {
  return jobStates[state].ended;
}

function namesOf(ended: boolean): JobState[] {
  return (Object.keys(jobStates) as JobState[]).filter((state) => jobStates[state].ended === ended);
}

/** For SQL: `'submitted', 'running', …` */
export const openStates = listed(namesOf(false));
export const endStates = listed(namesOf(true));

function listed(states: JobState[]): string {
  return states.map((state) => `'${state}'`).join(', ');
}

interface Column {
  type: string;
  means: string;
  /** Its name in hologen.jobs; absent: it is not shown. */
  shown?: string;
  /** The field of a JobChange that overwrites it; other columns follow from the state, or never change. */
  changedBy?: string;
}

/** The columns of hologen_internal.job, in the order of the view hologen.jobs; those that it does not show come last. */
export const jobColumns: Record<string, Column> = {
  job_id: { type: 'uuid', shown: 'job_id', means: 'the call, and the handle of ai_submit' },
  state: { type: 'text', shown: 'state', means: 'see the states' },
  role_name: { type: 'text', shown: 'role_name', means: 'who called' },
  database_name: { type: 'text', shown: 'database_name', means: 'in which database' },
  application_name: { type: 'text', shown: 'application_name', means: 'with which application_name' },
  statement_id: { type: 'uuid', shown: 'statement', means: 'what the client sent, in the view its text' },
  statement_at: { type: 'timestamptz', shown: 'statement_at', means: 'when the statement began' },
  model_name: { type: 'text', shown: 'model_name', means: 'the deployed model' },
  model_type: { type: 'text', shown: 'model_type', means: 'its type at the provider' },
  scenario: { type: 'text', shown: 'scenario', means: 'what was asked for' },
  request: {
    type: 'json',
    shown: 'request',
    means: 'as the client wrote it; a text that is no object as a JSON string',
  },
  file: { type: 'json', shown: 'file', means: 'the FILE of the call' },
  task_id: { type: 'text', shown: 'task_id', changedBy: 'taskId', means: "the provider's task" },
  provider_request_id: {
    ...{ type: 'text', shown: 'provider_request_id', changedBy: 'providerRequestId' },
    means: "the provider's name for the request that made it",
  },
  usage: {
    type: 'json',
    shown: 'usage',
    changedBy: 'usage',
    means: 'what the provider counted, in its own words',
  },
  units: {
    type: 'json',
    shown: 'units',
    changedBy: 'units',
    means: 'what is billed: pictures, seconds, tokens',
  },
  price: { type: 'numeric', shown: 'price', means: 'what it cost; NULL: not known (yet)' },
  estimated_price: {
    type: 'numeric',
    shown: 'estimated_price',
    means: 'what it would cost, reckoned before it was sent; of texts the most',
  },
  currency: { type: 'text', shown: 'currency', changedBy: 'currency', means: 'of both prices' },
  attempts: { type: 'integer', shown: 'attempts', means: 'how often it was sent' },
  outputs: {
    type: 'jsonb',
    shown: 'outputs',
    changedBy: 'outputs',
    means: 'each file: url at the provider; ossPath, bytes, etag and contentType where it was saved',
  },
  result: { type: 'text', shown: 'result', changedBy: 'result', means: 'what ai_gen returned' },
  error: {
    type: 'json',
    shown: 'error',
    changedBy: 'error',
    means:
      'why there is none: sqlstate, message, detail, hint, code and requestId of the provider, retryable',
  },
  submitted_at: { type: 'timestamptz', shown: 'submitted_at', means: 'when it was opened' },
  started_at: { type: 'timestamptz', shown: 'started_at', means: 'when it was last sent' },
  generated_at: { type: 'timestamptz', shown: 'generated_at', means: 'when the provider had made it' },
  finished_at: { type: 'timestamptz', shown: 'finished_at', means: 'when it ended' },
  claimed_at: {
    ...{ type: 'timestamptz', shown: 'claimed_at' },
    means: 'when the result reached its client; NULL: it waits for the next identical call',
  },
  hold_up: {
    ...{ type: 'json', shown: 'hold_up' },
    means: 'why it does not go on for now, and since when; it is tried again; NULL: it goes on',
  },
  tag: { type: 'text', shown: 'tag', means: 'what the session called its work (SET ai_gen.tag)' },
  label: { type: 'text', shown: 'label', means: 'what the request calls its row (its field `label`)' },
  shared: { type: 'boolean', shown: 'shared', means: 'viewers see it (share_job)' },
  key_name: {
    ...{ type: 'text', shown: 'key_name', changedBy: 'keyName' },
    means: "the key of the model's pool that it was last sent with; NULL: the model has one key",
  },
  priority: {
    ...{ type: 'text', shown: 'priority' },
    means: 'how it stands in its line (SET ai_gen.priority): low, high; NULL: as usual',
  },
  wanted_by: {
    ...{ type: 'timestamptz', shown: 'wanted_by' },
    means: 'until when it gives way to others (SET ai_gen.by)',
  },
  model_deployed_at: {
    type: 'timestamptz',
    means: 'when the model was deployed that it was checked with: another one may have had its name since',
  },
  gateway_id: { type: 'text', means: 'who works on it; a write of anybody else is refused' },
  role_oid: { type: 'oid', means: "the caller's OID: another role that gets the name is not the caller" },
  engine_process_id: { type: 'integer', means: "the session's process in the engine" },
  retried_as: {
    type: 'uuid',
    means: 'the call that was made in its place: of retry_job, of another model, or in simpler words',
  },
  retried_at: { type: 'timestamptz', means: 'when that was' },
  webhook: {
    type: 'text',
    means: 'the webhook that the session names (SET ai_gen.webhook): it is told of the end',
  },
  groups: {
    type: 'text[]',
    means: 'what the role was a member of when it was opened: it counts in their budgets for good',
  },
  request_key: { type: 'text', means: 'the same for two calls that ask for the same' },
  detached: { type: 'boolean', means: 'made by ai_submit: only its handle gives the result' },
  released: { type: 'boolean', means: 'it may be sent: the transaction of its ai_submit is committed' },
  transaction_id: {
    type: 'text',
    means:
      "of ai_submit: the engine's (sub)transaction that asked; once it is committed the call may be sent",
  },
  abandoned: {
    type: 'boolean',
    means: 'nobody waits for it any more, and its next identical call takes it over',
  },
  cancel_asked: {
    type: 'boolean',
    means: 'its role does not want it any more, and has said so at another gateway',
  },
  told_at: { type: 'timestamptz', means: 'when its role was told that it is unanswered' },
};

/** Columns that a change overwrites where it has something new, each with the field that says so. */
export const changedColumns = Object.entries(jobColumns).flatMap(([column, { type, changedBy }]) =>
  changedBy === undefined ? [] : [{ column, type, field: changedBy }],
);
