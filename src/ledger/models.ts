/** What is asked of the catalogue of deployed models, and of the budgets. */
import type { Json } from '../json.js';
import type { RoleIdentity } from './job.js';

export interface DeployedModel {
  name: string;
  modelType: string;
  provider: string;
  task: string;
  /** Undefined: the gateway's default key, or those of a pool. */
  apiKey: string | undefined;
  /** The keys of `pool` in the config, in its order; undefined: it has none. */
  poolKeys: readonly string[] | undefined;
  config: Json;
  /** 0: nobody, at the first start of the sandbox. */
  deployedBy: RoleIdentity;
  deployedAt: Date;
  /** Only for roles it is granted to. */
  restricted: boolean;
}

export interface NewDeployment extends Omit<DeployedModel, 'deployedAt' | 'restricted'> {
  endpoint: string | undefined;
}

export interface Catalogue {
  /**
   * By name; else the oldest model of that type, so that `wan2.6-t2v` also finds `wan26_t2v`: an administrator's first, then the role's own,
   * never another role's. A name like a type leads nobody's calls to another role's key.
   */
  find(name: string, who: RoleIdentity): Promise<DeployedModel | undefined>;
  /** Models of a task that a role may call without naming one: administrators' first, then its own. */
  defaults(task: string, who: RoleIdentity): Promise<DeployedModel[]>;
  /** What was deployed under the name at the time, removed meanwhile or not. */
  deployedThen(name: string, time: Date): Promise<DeployedModel | undefined>;
  /** In the order of deployment. */
  list(): Promise<DeployedModel[]>;
  /** KnownError 42710 when the name is taken. */
  deploy(model: NewDeployment): Promise<void>;
  /** KnownError 42704 when there is no such model. */
  remove(name: string): Promise<void>;
  /** Whether a restricted model is granted to the role, or to one it is a member of. */
  mayCall(name: string, role: string): Promise<boolean>;
  /** Both restrict the model from then on. KnownError 42704 when there is no such model or role. */
  grant(name: string, role: string): Promise<void>;
  revoke(name: string, role: string): Promise<void>;
}

export const periods = ['hour', 'day', 'week', 'month', 'total'] as const;
export type Period = (typeof periods)[number];

/** Whose calls a budget counts; undefined: all. A role that has members stands for all of them together. */
export interface BudgetSubject {
  role: string | undefined;
  model: string | undefined;
  database: string | undefined;
  application: string | undefined;
  /** Of the session setting ai_gen.tag. */
  tag: string | undefined;
}

/** Undefined: no limit of that kind. */
export interface Budget extends BudgetSubject {
  period: Period;
  /** Lets calls go that pass it, and says so. */
  soft: boolean;
  calls: number | undefined;
  money: number | undefined;
}

export interface Budgets {
  /** Roles of the engine that a budget can be for. */
  roles(): Promise<string[]>;
  /** Replaces what was set for this subject and period. */
  set(budget: Budget): Promise<void>;
  /** Without a period, or soft, all of the subject. False when there is none. */
  remove(which: BudgetSubject & { period: Period | undefined; soft: boolean | undefined }): Promise<boolean>;
}
