/** What is asked of the ledger: jobs are opened, change, end, and are found again. */
import type { ErrorKind } from '../errors.js';
import type { Json } from '../json.js';
import type { Units } from '../providers/provider.js';
import type { JobState } from './states.js';

/** A role of the engine. Once it is dropped another one may have its name, and after a restore another one its OID: both together are it. */
export interface RoleIdentity {
  role: string;
  roleOid: number;
}

export function isSameRole(one: RoleIdentity, other: RoleIdentity): boolean {
  return one.role === other.role && one.roleOid === other.roleOid;
}

/** One text for a role, as a part of keys. */
export function roleKey({ role, roleOid }: RoleIdentity): string {
  return `${roleOid} ${role}`;
}

/** Who evaluates a call, as the engine tells it. */
export interface CallOrigin extends RoleIdentity {
  database: string;
  application: string;
  engineProcessId: number;
  statementAt: string;
  /** Owns hologen, or is a member of the role that does. */
  admin: boolean;
}

export interface NewJob {
  id: string;
  origin: CallOrigin;
  statementId: string;
  statementText: string;
  modelName: string;
  modelType: string;
  /** The model that it was checked with: another one may have the name by now. */
  modelDeployedAt: Date;
  scenario: string;
  /** The request as it was written, and the FILE as JSON. */
  request: string;
  file: unknown;
  /** The same for two calls that ask for the same. */
  requestKey: string;
  /** Made by ai_submit. It is sent when it is released, and only its handle gives the result. */
  detached: boolean;
  /** The engine's id of the (sub)transaction of its ai_submit. */
  transactionId: string | undefined;
  /** Undefined: not to be known before. */
  estimatedPrice: number | undefined;
  currency: string;
  /** What the session called its work. */
  tag: string | undefined;
  /** Who is told of its end, by name. */
  webhook: string | undefined;
  /** How it stands in its line: see SessionSettings. */
  priority: Priority;
  /** Until when it gives way to others, on the clock of Date.now(). */
  by: number | undefined;
  /** What the request calls its row. */
  label: string | undefined;
  /** The job that came to nothing, in whose place it is made: nobody retries that one any more. */
  inPlaceOf: string | undefined;
}

export type Priority = 'low' | 'normal' | 'high';

/** A job that an earlier gateway did not finish. */
export interface UnfinishedJob extends RoleIdentity {
  id: string;
  state: JobState;
  detached: boolean;
  /** It may be sent: the transaction of its ai_submit was committed. */
  released: boolean;
  /** The engine's id of the (sub)transaction of its ai_submit, where its end decides. */
  transactionId: string | undefined;
  /** Its role does not want it any more, and the gateway that made it is gone. */
  cancelAsked: boolean;
  modelName: string;
  /** Undefined: an earlier version opened it. */
  modelDeployedAt: Date | undefined;
  request: string;
  file: unknown;
  requestKey: string;
  taskId: string | undefined;
  /** The key of its model's pool that it was last sent with. */
  keyName: string | undefined;
  providerRequestId: string | undefined;
  priority: Priority;
  by: number | undefined;
  usage: Json;
  outputs: { url: string }[];
  /** Both on this gateway's clock. */
  openedAt: Date;
  startedAt: Date | undefined;
}

/** Calls of one model and price that a statement is going to open. */
export interface ReservedCalls {
  /** What is kept and given back together. */
  id: string;
  origin: CallOrigin;
  tag: string | undefined;
  modelName: string;
  /** Of each; undefined: not to be known before. */
  estimatedPrice: number | undefined;
  currency: string;
  calls: number;
}

export interface JobFailure {
  kind: ErrorKind;
  message: string;
  detail?: string;
  hint?: string;
  /** The provider's own code, and its name for the request that it refused. */
  code?: string;
  requestId?: string;
  retryable?: boolean;
}

export interface JobChange {
  state?: JobState;
  taskId?: string;
  keyName?: string | undefined;
  providerRequestId?: string;
  usage?: Json;
  units?: Units;
  price?: number;
  currency?: string;
  outputs?: { url: string; ossPath?: string; bytes?: number; etag?: string; contentType?: string }[];
  result?: string;
  error?: JobFailure;
  /** Why it does not go on for now, and since when; null: it goes on again. */
  holdUp?: (JobFailure & { since: string }) | null;
}

/** What the ledger knows of a job's outcome. */
export interface JobOutcome {
  state: JobState;
  modelType: string;
  result: string | undefined;
  error: JobFailure | undefined;
  /** Why it does not go on for now. */
  holdUp: (JobFailure & { since: string }) | undefined;
  /** The key of its model's pool that it was last sent with. */
  keyName: string | undefined;
  providerRequestId: string | undefined;
}

/** Whose jobs a role sees: its own, what others have shared besides, or everybody's. */
export type Sight = 'own' | 'shared' | 'all';

/** Each write is committed at once, outside the client's transaction. */
export interface Ledger {
  /** Opens all of these jobs of one statement, or none: KnownError 53400 when they would go over a budget. Returns what its person should know. What was kept in `reservation` is given back with it. */
  open(jobs: NewJob[], reservation?: string): Promise<string[]>;
  /** Keeps room in all budgets for calls of one statement until their jobs are opened; false, and nothing is kept, where one would be passed, be it a soft one. */
  reserve(calls: ReservedCalls[]): Promise<boolean>;
  unreserve(ids: string[]): Promise<void>;
  /** KnownError 57P01 when another gateway has taken the job over: nothing may be sent for it here any more. */
  change(id: string, change: JobChange): Promise<void>;
  /** The transactions of these jobs' ai_submit are committed: they may be sent, also after a restart. */
  release(ids: string[]): Promise<void>;
  /** Nobody waits for these jobs any more: whoever asks for the same takes them over, through any gateway. */
  abandon(ids: string[]): Promise<void>;
  /** The results of these jobs have reached their client for good. */
  claim(ids: string[]): Promise<void>;
  /** They have not, after all. */
  unclaim(ids: string[]): Promise<void>;
  /** The result of a job was given to this call in place of a new one. */
  reused(
    jobId: string,
    call: Omit<
      NewJob,
      'id' | 'transactionId' | 'estimatedPrice' | 'label' | 'webhook' | 'priority' | 'by' | 'inPlaceOf'
    >,
  ): Promise<void>;
  /**
   * The oldest results of identical calls of the role that can still be had, but none of `except`: unclaimed ones; with
   * `delivered` also those that somebody got already. Without any, a job that another gateway makes for nobody.
   */
  findEarlier(wish: EarlierWish): Promise<Earlier[]>;
  /** The job of this id, if the role made it. */
  find(id: string, who: RoleIdentity): Promise<JobOutcome | undefined>;
  /** The role's unanswered calls it was not yet told of; from now on it counts as told. */
  tellUnanswered(who: RoleIdentity): Promise<{ calls: number; money: number; currency: string } | undefined>;
  /** Roles that have such calls. */
  untoldRoles(): Promise<RoleIdentity[]>;
  /** The file of the call that saved this output, if the role may know of it. */
  fileOfOutput(ossPath: string, who: RoleIdentity, sight: Sight): Promise<unknown>;
  /** Viewers see the job from now on, or no longer. False: there is none of this id among those that the role may share. */
  share(id: string, who: RoleIdentity, among: 'own' | 'all', shared: boolean): Promise<boolean>;
  /** What these gateways, which are gone, have not finished: it is this one's from now on. */
  takeOver(gatewayIds: string[]): Promise<UnfinishedJob[]>;
  /** What became of the engine's transactions with these ids, in its words: committed, aborted, in progress. */
  transactionOutcomes(ids: string[]): Promise<Map<string, string>>;
  /** True: askCancel was called for it. What a notification says, anybody may have sent. */
  cancelAsked(id: string): Promise<boolean>;
  /** Open jobs of this gateway for which it was called. */
  cancelsAsked(): Promise<string[]>;
  /** Tells the gateway that makes the job that its role does not want it any more. */
  askCancel(id: string): Promise<void>;
  /**
   * Takes a job that may be retried, so that nobody else retries it: it has ended without a result, surely cost nothing, and was not retried
   * before, but by a call that was never sent. Undefined: there is none of this id among those. `dry`: looks, and takes nothing.
   */
  claimRetry(claim: RetryClaim): Promise<RetriedJob | undefined>;
  /** The call that has answered in place of this job, or was to: another model's, or one in simpler words; or that of a later statement which asked for the same. */
  answeredBy(id: string, who: RoleIdentity, among: 'own' | 'all'): Promise<string | undefined>;
  /** The call that was made in its place; undefined: there is none after all. */
  retried(id: string, claimId: string, handle: string | undefined): Promise<void>;
  /** Webhooks are told that a statement which names one is over. */
  tellStatementEnd(statement: EndedStatement): Promise<void>;
  /** A call that was asked for later than this one has saved something at the path. */
  isTakenSince(id: string, ossPath: string): Promise<boolean>;
  /** Task ids the ledger knows, among these. */
  knownTasks(taskIds: string[]): Promise<Set<string>>;
}

export interface RetryClaim {
  id: string;
  who: RoleIdentity;
  among: 'own' | 'all';
  claimId: string;
  dry: boolean;
}

/** What a job asked for. */
export interface RetriedJob {
  model: string;
  request: string;
  file: unknown;
  tag: string | null;
}

/** What webhooks are told of a statement. */
export interface EndedStatement {
  id: string;
  origin: CallOrigin;
  tag: string | undefined;
  webhook: string;
  outcome: 'committed' | 'failed';
  calls: number;
  failed: number;
}

export interface Earlier {
  id: string;
  /** Undefined: another gateway is making it. */
  result: string | undefined;
  /** As they were saved; the ETag without quotes, empty where the store told none. */
  files: { ossPath: string; etag?: string }[];
  madeAs: MadeAs;
}

/** How a result was made, which may be otherwise than whoever takes it has asked. */
export interface MadeAs {
  model: string;
  modelType: string;
  /** Of image.generate. */
  prompt: string | undefined;
}

export interface EarlierWish extends RoleIdentity {
  requestKey: string;
  /** Of image.generate: the prompt that made it is to be told. */
  image: boolean;
  except: string[];
  delivered: boolean;
  /** So many at most. */
  most: number;
}
