/**
 * Lets calls through as fast as the provider allows: one gate for each API key and model type, shared by all sessions.
 *
 * Room: src/pace holds when a call may be sent: rates, running tasks, waiting lines. It knows no provider and no ledger.
 */
import { type Cooling, createCooling } from './cooling.js';
import { createGate, finite, type Gate, type GateState, type Limits, unlimited } from './gate.js';

export interface Queue extends GateState {
  modelType: string;
  /** Its name in a pool; undefined: the only key of its models. */
  key: string | undefined;
  /** It was refused, and is out of the way for so long. */
  coolingMs: number;
  /** Undefined: it goes on. */
  pause: Pause | undefined;
}

/** Whose gate it is, and what its calls may do. */
export interface GateOf {
  account: string;
  key?: string | undefined;
  limits: Limits;
  own: Partial<Limits>;
}

/** A person's word that nothing of a model type is to be sent. What was sent goes on, and is followed and saved. */
export interface Pause {
  modelType: string;
  by: string;
  since: Date;
  why: string | undefined;
}

export interface Schedule {
  /**
   * `own` are a deployed model's limits, which replace those of the model table. Calls of one key and type share a gate of the widest limits
   * that any of their names has; those of a name with narrower ones pass a gate of its own besides. So limits of several names do not add up.
   */
  gate(modelType: string, whose: GateOf): Gate;
  /** Which keys of pools are out of the way, by account and model type. */
  readonly cooling: Cooling;
  /** For what only asks about tasks: an account has one limit for all of it, and an API key stands for the account. */
  lookups(apiKey: string): Gate;
  /** What waits and runs at each gate that was used since the gateway started, and what is paused. */
  queues(): Queue[];
  /** These model types are paused from now on, and no others. */
  pause(pauses: readonly Pause[]): void;
  pauseOf(modelType: string): Pause | undefined;
  /** So many gateways work with the same API keys: this one keeps to its part of every limit. */
  shareAmong(gateways: number): void;
  /** The same number again. */
  readonly gateways: number;
}

/**
 * The provider takes 20 lookups, lists and cancels a second, https://www.alibabacloud.com/help/en/model-studio/manage-asynchronous-tasks.
 * They are sent evenly and a little less often, because nobody waits for a single one and some overtake others on their way.
 */
const lookupLimits: Limits = { submitsPerSecond: 19, concurrentTasks: null, bursts: false };

/** A gate, and for one of narrower limits the account's, with what has come through to that one. */
interface Known {
  name: string;
  modelType: string;
  key: string | undefined;
  gate: Gate;
  account?: Gate;
  through: Through;
}

interface Through {
  waiting: number;
  inside: number;
}

const none = (): Through => ({ waiting: 0, inside: 0 });

/** Of a type that nobody has called yet: what is allowed is not known before. */
const idle: GateState = {
  queued: 0,
  givingWay: 0,
  running: 0,
  submitsPerSecond: null,
  concurrentTasks: null,
  pace: null,
  pausedMs: 0,
};

/** `paced: false` (the sandbox without documented limits) leaves a deployed model's own limits and the 429 pauses. */
export function createSchedule(paced: boolean): Schedule {
  const lookupGates = new Map<string, Gate>();
  const cooling = createCooling();
  let pausesByType = new Map<string, Pause>();
  let gateways = 1;

  function newGate(limits: Limits, modelType?: string): Gate {
    const gate = createGate(limits);
    gate.shareAmong(gateways);
    gate.hold(modelType !== undefined && pausesByType.has(modelType));
    return gate;
  }

  const { gates, gateOf } = createGates(newGate);
  return {
    cooling,
    gate(modelType, { account: id, key, limits, own }) {
      const { submitsPerSecond, concurrentTasks } = { ...(paced ? limits : unlimited), ...own };
      return gateOf(accountOf(id, modelType), { modelType, key }, { submitsPerSecond, concurrentTasks });
    },
    lookups(apiKey) {
      const gate = lookupGates.get(apiKey) ?? newGate(paced ? lookupLimits : unlimited);
      lookupGates.set(apiKey, gate);
      return gate;
    },
    queues: () => queuesOf([...gates.values()], pausesByType, cooling),
    pause(pauses) {
      pausesByType = new Map(pauses.map((pause) => [pause.modelType, pause]));
      for (const { gate, modelType } of gates.values()) gate.hold(pausesByType.has(modelType));
    },
    pauseOf: (modelType) => pausesByType.get(modelType),
    shareAmong(number) {
      if (number === gateways) return;
      gateways = number;
      for (const { gate } of gates.values()) gate.shareAmong(number);
      for (const gate of lookupGates.values()) gate.shareAmong(number);
    },
    get gateways() {
      return gateways;
    },
  };
}

/** Names the account's gate for a model type, and its cooling down. */
export function accountOf(account: string, modelType: string): string {
  return `${account} ${modelType}`;
}

/** The gates of accounts and model types, each made when it is first asked for. */
function createGates(newGate: (limits: Limits, modelType: string) => Gate) {
  /** By key and type, and by key, type and narrower limits. */
  const gates = new Map<string, Known>();

  function known(name: string, of: Pick<Known, 'modelType' | 'key'>, limits: Limits, account?: Gate): Known {
    const gate = gates.get(name)?.gate ?? newGate(limits, of.modelType);
    const made = gates.get(name) ?? { name, ...of, gate, account, through: none() };
    // A model without a pool may have used the key first.
    made.key ??= of.key;
    gates.set(name, made);
    return made;
  }

  /** The account's gate, or one of a name with narrower limits before it. */
  function gateOf(name: string, of: Pick<Known, 'modelType' | 'key'>, wanted: Limits): Gate {
    const { submitsPerSecond, concurrentTasks } = wanted;
    const account = known(name, of, wanted).gate;
    account.widen(wanted);
    const widest = account.state();
    if (widest.submitsPerSecond === finite(submitsPerSecond) && widest.concurrentTasks === concurrentTasks)
      return account;
    return behind(known(`${name} ${submitsPerSecond} ${concurrentTasks}`, of, wanted, account), account);
  }

  return { gates, gateOf };
}

function queuesOf(all: Known[], paused: ReadonlyMap<string, Pause>, cooling: Cooling): Queue[] {
  const used = all.map((each) => ({
    ...queueOf(each, all),
    modelType: each.modelType,
    key: each.key,
    coolingMs: each.account ? 0 : cooling.leftMs(each.name),
    pause: paused.get(each.modelType),
  }));
  const unused = [...paused.values()].filter(({ modelType }) =>
    used.every((queue) => queue.modelType !== modelType),
  );
  const none = { key: undefined, coolingMs: 0 };
  return [...used, ...unused.map((pause) => ({ ...idle, ...none, modelType: pause.modelType, pause }))];
}

/** First the narrower gate, then the one of the account; what the provider says concerns the account. */
function behind({ gate: own, through }: Known, account: Gate): Gate {
  return {
    ...account,
    isOpen: () => own.isOpen() && account.isOpen(),
    wayGiven: (wantedAt) => own.wayGiven(wantedAt) ?? account.wayGiven(wantedAt),
    async enter(signal, role, sentBefore, urgency) {
      const leaveOwn = await own.enter(signal, role, sentBefore, urgency);
      through.waiting += 1;
      const enters = account.enter(signal, role, sentBefore, urgency).finally(() => {
        through.waiting -= 1;
      });
      const leaveAccount = await enters.catch((error) => {
        leaveOwn();
        throw error;
      });
      through.inside += 1;
      return once(() => {
        through.inside -= 1;
        leaveAccount();
        leaveOwn();
      });
    },
  };
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}

/** Each call is counted once: at the gate of its own limits, if it has one. */
function queueOf({ gate, account, through }: Known, all: Known[]): GateState {
  const state = gate.state();
  if (account) return { ...state, queued: state.queued + through.waiting, running: through.inside };
  const others = all.filter((each) => each.account === gate).map((each) => each.through);
  const sum = (count: keyof Through) => others.reduce((total, each) => total + each[count], 0);
  return {
    ...state,
    queued: Math.max(0, state.queued - sum('waiting')),
    running: Math.max(0, state.running - sum('inside')),
  };
}
