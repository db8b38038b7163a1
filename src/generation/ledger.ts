/** What generation needs kept outside itself: the catalogue of deployed models and the ledger of jobs. */
import type { Json } from '../json.js';
import type { Scenario } from './model-table.js';

export interface DeployedModel {
  name: string;
  modelType: string;
  provider: string;
  task: string;
  /** Undefined: the gateway's default key. */
  apiKey: string | undefined;
  config: Json;
  deployedBy: string;
  deployedAt: Date;
}

export interface NewDeployment extends Omit<DeployedModel, 'deployedAt'> {
  endpoint: string | undefined;
}

export interface Catalogue {
  /** By name; else the oldest model of that type, so that `wan2.6-t2v` also finds `wan26_t2v`. */
  find(name: string): Promise<DeployedModel | undefined>;
  /** In the order of deployment: the first fitting one is the default of its task. */
  list(): Promise<DeployedModel[]>;
  /** SqlError 42710 when the name is taken. */
  deploy(model: NewDeployment): Promise<void>;
  /** SqlError 42704 when there is no such model. */
  remove(name: string): Promise<void>;
}

/** Who evaluates a call, as the engine tells it. */
export interface CallOrigin {
  role: string;
  database: string;
  application: string;
  engineProcessId: number;
  statementAt: string;
}

/** unanswered: sent, but nobody will ever learn what became of it; it may have been billed. */
export type JobState =
  | 'submitted'
  | 'running'
  | 'saving'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'unanswered';

export interface NewJob {
  id: string;
  origin: CallOrigin;
  modelName: string;
  modelType: string;
  scenario: Scenario;
  /** The request as it was written, and the FILE as JSON. */
  request: string;
  file: unknown;
  /** The same for two calls that ask for the same. */
  requestKey: string;
}

/** A job that an earlier gateway did not finish. */
export interface UnfinishedJob {
  id: string;
  state: JobState;
  role: string;
  modelName: string;
  request: string;
  file: unknown;
  requestKey: string;
  taskId: string | undefined;
  providerRequestId: string | undefined;
  usage: Json;
  outputs: { url: string }[];
  startedAt: Date | undefined;
}

export interface JobChange {
  state?: JobState;
  taskId?: string;
  providerRequestId?: string;
  usage?: Json;
  outputs?: { url: string; ossPath?: string }[];
  result?: string;
  error?: { sqlstate: string; message: string; detail?: string };
}

/** Each write is committed at once, outside the client's transaction. */
export interface Ledger {
  open(job: NewJob): Promise<void>;
  change(id: string, change: JobChange): Promise<void>;
  /** The results of these jobs have reached their client for good. */
  claim(ids: string[]): Promise<void>;
  /** The oldest unclaimed result of an identical call of the role, but none of `except`. */
  findUnclaimed(
    role: string,
    requestKey: string,
    except: string[],
  ): Promise<{ id: string; result: string } | undefined>;
  /** What no running gateway finishes any more. */
  unfinished(): Promise<UnfinishedJob[]>;
  /** Task ids the ledger knows, among these. */
  knownTasks(taskIds: string[]): Promise<Set<string>>;
}
