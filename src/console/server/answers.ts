/** What the console's server and its page tell each other: the JSON of every /api/ path. */
import type { JobState } from '../../ledger/states.js';

/** Who is signed in, and what its degrees let it do: administer (and see all money), call, see what others made. */
export interface WhoAmI {
  role: string;
  administers: boolean;
  calls: boolean;
  seesOthers: boolean;
  database: string;
  /** Sent back in the header x-csrf-token with everything that changes something. */
  csrfToken: string;
}

/** What anybody may know of the gateway, signed in or not. */
export interface About {
  /** A stand-in takes the cloud's place: nothing is spent. */
  sandbox: boolean;
}

export interface Problem {
  message: string;
  sqlstate?: string;
  detail?: string;
  hint?: string;
}

export type { JobState };

/** Addresses are the console's own, signed, and good for an hour at least half of which is left. */
export interface Medium {
  kind: 'picture' | 'video';
  address: string;
  /** A small picture; none for videos. */
  thumbnail: string | null;
  ossPath: string | null;
  /** Not saved, and the provider keeps what it made for a day alone. */
  expired: boolean;
}

/** What a person thinks of an output, counted from 0. */
export interface Verdict {
  role: string;
  output: number;
  verdict: 'picked' | 'rejected';
  remark: string | null;
}

/** Ids of jobs. */
export interface Neighbours {
  newer: string | null;
  older: string | null;
}

export interface JobCard {
  id: string;
  state: JobState;
  role: string;
  model: string;
  scenario: string;
  prompt: string;
  /** What ties it to its row: a text, or the JSON text of an object. */
  label: string | null;
  submittedAt: string;
  media: Medium[];
  verdicts: Verdict[];
  /** The provider's, which results name. */
  requestId: string | null;
  /** What a text model wrote, cut. */
  text: string | null;
  error: string | null;
}

export interface GalleryPage {
  jobs: JobCard[];
  /** Give it back as `before` to get older ones; null: there are none. */
  next: string | null;
}

export interface FilterChoices {
  models: string[];
  roles: string[];
}

export interface JobDetails extends Omit<JobCard, 'error'> {
  modelType: string;
  database: string;
  application: string;
  statement: string | null;
  statementAt: string;
  /** As it was written; JSON text where the client gave JSON. */
  request: string;
  file: { oss_path: string; oss_endpoint: string; role_arn: string } | null;
  references: Medium[];
  result: string | null;
  error: { sqlstate?: string; message?: string; detail?: string } | null;
  usage: unknown;
  units: Units | null;
  price: string | null;
  estimatedPrice: string | null;
  currency: string | null;
  attempts: number;
  heldUp: HoldUp | null;
  taskId: string | null;
  /** Of the model's pool; null: the model has one key, or the viewer may not know. */
  keyName: string | null;
  providerRequestId: string | null;
  startedAt: string | null;
  generatedAt: string | null;
  finishedAt: string | null;
  claimedAt: string | null;
  /** What its session called its work. */
  tag: string | null;
  /** Viewers see it. */
  shared: boolean;
}

export interface Units {
  pictures?: number;
  seconds?: number;
  resolution?: string;
  inputTokens?: number;
  outputTokens?: number;
}

export interface RunningStatement {
  statementAt: string;
  role: string;
  database: string;
  application: string;
  engineProcessId: number;
  statement: string | null;
  models: string[];
  calls: number;
  queued: number;
  running: number;
  saving: number;
  done: number;
  failed: number;
  elapsedSeconds: number;
  remainingSeconds: number | null;
  heldUp: HoldUp | null;
  givingWay: GivingWay | null;
}

/** Calls that wait because others go before them, until when at the latest, and when they are wanted. */
export interface GivingWay {
  calls: number;
  until: string | null;
  wantedBy: string | null;
}

/** Why something does not go on for now. */
export interface HoldUp {
  since: string;
  why: string;
}

export interface Queue extends CallLimits {
  modelType: string;
  queued: number;
  /** Of those that are queued, how many go when nobody else waits. */
  givingWay: number;
  running: number;
  pace: number | null;
  pausedSeconds: number;
  /** Its name in a pool; null: the only key of its models. */
  key: string | null;
  /** It was refused, and is left out for so long. */
  coolingSeconds: number;
  /** null: it goes on. */
  paused: { by: string; since: string; why: string | null } | null;
}

/** The gateway takes no new calls. */
export interface Drained {
  by: string;
  since: string;
  waitingStatements: number;
  openCalls: number;
}

export interface Now {
  statements: RunningStatement[];
  queues: Queue[];
  /** null: new calls are taken. */
  drained: Drained | null;
}

export interface Model {
  name: string;
  type: string;
  provider: string;
  task: string;
  config: unknown;
  deployedBy: string;
  deployedAt: string;
  /** Empty: everybody may call it. */
  grantedTo: string[];
  limits: CallLimits;
  /** Its own price, else the list's; null for a type that is not known. */
  price: string | null;
}

/** How fast calls go, as Now shows it of the model's queue; null: no limit. */
export interface CallLimits {
  submitsPerSecond: number | null;
  concurrentTasks: number | null;
}

export interface SupportedModel {
  type: string;
  task: string;
  scenarios: string[];
  mode: string;
  sizes: string | null;
  pictures: string | null;
  duration: string | null;
  referenceFiles: string | null;
  submitsPerSecond: number;
  concurrentTasks: number | null;
  price: string;
}

export interface Models {
  deployed: Model[];
  supported: SupportedModel[];
}

export interface DayOfUse {
  day: string;
  role: string;
  model: string;
  calls: number;
  pictures: number;
  seconds: number;
  tokens: number;
  price: number;
  currency: string;
}

export type Period = 'hour' | 'day' | 'week' | 'month' | 'total';

/** Whose calls a budget counts; null stands for all. */
export interface BudgetSubject {
  role: string | null;
  model: string | null;
  database: string | null;
  application: string | null;
  tag: string | null;
}

/** null: no limit of that kind. */
export interface Budget extends BudgetSubject {
  period: Period;
  soft: boolean;
  calls: number | null;
  money: number | null;
  currency: string;
  callsUsed: number;
  moneyUsed: number;
}

/** Who may log in; amounts by currency. */
export interface Person {
  role: string;
  /** null: none of its own, the operator's default holds. */
  degree: 'owner' | 'admin' | 'maker' | 'viewer' | null;
  spent: { currency: string; callsToday: number; today: number; callsThisMonth: number; thisMonth: number }[];
  budgets: Budget[];
  validUntil: string | null;
}

export interface People {
  people: Person[];
  /** Where a PostgreSQL client reaches the gateway, without a role and a password. */
  address: string;
}

export interface Money {
  days: DayOfUse[];
  /** The engine's own date, which the days are counted in. */
  today: string;
  budgets: Budget[];
}

export interface EstimateRow {
  model: string;
  modelType: string;
  calls: number;
  pictures: number;
  seconds: number;
  price: number | null;
  currency: string | null;
}

/** A statement that called: how many calls came to nothing, and how many are still under way. */
export interface PastStatement {
  statement: string;
  at: string;
  calls: number;
  failed: number;
  open: number;
  price: number | null;
  currency: string;
}

/** A directory of a store, and the right to it. */
export interface PlaceOfFiles {
  outputDir: string;
  file: NonNullable<JobDetails['file']>;
}

export interface Run {
  id: string;
  state: 'running' | 'done' | 'failed';
  statement: string;
  seconds: number;
  columns: string[];
  /** The first rows, long values cut. */
  rows: (string | null)[][];
  rowCount: number;
  command: string | null;
  notices: string[];
  problem: Problem | null;
  /** The jobs whose results are among the rows; while it runs, those that have made something. */
  jobs: JobCard[];
}
