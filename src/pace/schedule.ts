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
export interface GateOf extends Allowance {
  account: string;
  key?: string | undefined;
}

/** The documented limits, and a deployed model's own in their place. */
interface Allowance {
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
  /** Nothing is sent any more, whatever is said of pauses afterwards: the gateway ends. */
  end(): void;
  /** So many gateways work with the same API keys: this one keeps to its part of every limit. */
  shareAmong(gateways: number): void;
  /** Whether the documented limits are kept to from now on. */
  keepTo(documented: boolean): void;
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
  /** Of all names whose calls come here, by what they say. */
  allowances: Map<string, Allowance>;
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
  let isPaced = paced;
  const lookupGates = new Map<string, Gate>();
  const cooling = createCooling();
  const { isHeld, pauses, ...holds } = createHolds(() => {
    for (const { gate, modelType } of gates.values()) gate.hold(isHeld(modelType));
  });
  let gateways = 1;

  function newGate(limits: Limits, modelType?: string): Gate {
    const gate = createGate(limits);
    gate.shareAmong(gateways);
    gate.hold(modelType !== undefined && isHeld(modelType));
    return gate;
  }

  const { gates, gateOf, limitAll } = createGates(newGate, () => isPaced);
  const limitsOfLookups = () => (isPaced ? lookupLimits : unlimited);
  return {
    cooling,
    gate: (modelType, { account: id, key, limits, own }) =>
      gateOf(accountOf(id, modelType), { modelType, key }, { limits, own }),
    lookups(apiKey) {
      const gate = lookupGates.get(apiKey) ?? newGate(limitsOfLookups());
      lookupGates.set(apiKey, gate);
      return gate;
    },
    queues: () => queuesOf([...gates.values()], pauses(), cooling),
    ...holds,
    shareAmong(number) {
      if (number === gateways) return;
      gateways = number;
      for (const { gate } of gates.values()) gate.shareAmong(number);
      for (const gate of lookupGates.values()) gate.shareAmong(number);
    },
    get gateways() {
      return gateways;
    },
    keepTo(documented) {
      if (documented === isPaced) return;
      isPaced = documented;
      limitAll();
      for (const gate of lookupGates.values()) gate.limit(limitsOfLookups());
    },
  };
}

/** To which model types nothing is sent. */
function createHolds(
  changed: () => void,
): Pick<Schedule, 'pause' | 'pauseOf' | 'end'> & { isHeld(modelType: string): boolean; pauses(): Pause[] } {
  let pauses = new Map<string, Pause>();
  let ended = false;
  return {
    isHeld: (modelType) => ended || pauses.has(modelType),
    pauses: () => [...pauses.values()],
    pause(given) {
      pauses = new Map(given.map((pause) => [pause.modelType, pause]));
      changed();
    },
    pauseOf: (modelType) => pauses.get(modelType),
    end() {
      ended = true;
      changed();
    },
  };
}

/** Names the account's gate for a model type, and its cooling down. */
export function accountOf(account: string, modelType: string): string {
  return `${account} ${modelType}`;
}

/** The gates of accounts and model types, each made when it is first asked for. */
function createGates(newGate: (limits: Limits, modelType: string) => Gate, isPaced: () => boolean) {
  /** By key and type, and by key, type and narrower limits. */
  const gates = new Map<string, Known>();

  function known(
    name: string,
    of: Pick<Known, 'modelType' | 'key'>,
    allowance: Allowance,
    account?: Gate,
  ): Known {
    const gate = gates.get(name)?.gate ?? newGate(allowed(allowance, isPaced()), of.modelType);
    const made = gates.get(name) ?? { name, ...of, gate, account, allowances: new Map(), through: none() };
    // A model without a pool may have used the key first.
    made.key ??= of.key;
    gates.set(name, made);
    const said = JSON.stringify(allowance);
    if (!made.allowances.has(said)) {
      made.allowances.set(said, allowance);
      limit(made);
    }
    return made;
  }

  function limit({ gate, allowances }: Known): void {
    gate.limit([...allowances.values()].map((each) => allowed(each, isPaced())).reduce(wider));
  }

  /** The account's gate, or one of a name with narrower limits before it. */
  function gateOf(name: string, of: Pick<Known, 'modelType' | 'key'>, allowance: Allowance): Gate {
    const account = known(name, of, allowance).gate;
    const { submitsPerSecond, concurrentTasks } = allowed(allowance, isPaced());
    const widest = account.state();
    if (widest.submitsPerSecond === finite(submitsPerSecond) && widest.concurrentTasks === concurrentTasks)
      return account;
    const { own } = allowance;
    const narrower = `${name} ${own.submitsPerSecond} ${own.concurrentTasks}`;
    return behind(known(narrower, of, allowance, account), account);
  }

  return { gates, gateOf, limitAll: () => [...gates.values()].forEach(limit) };
}

function allowed({ limits, own }: Allowance, isPaced: boolean): Limits {
  const { submitsPerSecond, concurrentTasks } = { ...(isPaced ? limits : unlimited), ...own };
  return { submitsPerSecond, concurrentTasks };
}

function wider(one: Limits, other: Limits): Limits {
  const tasks = [one.concurrentTasks, other.concurrentTasks].filter((number) => number !== null);
  return {
    submitsPerSecond: Math.max(one.submitsPerSecond, other.submitsPerSecond),
    concurrentTasks: tasks.length === 2 ? Math.max(...tasks) : null,
  };
}

function queuesOf(all: Known[], pauses: Pause[], cooling: Cooling): Queue[] {
  const used = all.map((each) => ({
    ...queueOf(each, all),
    modelType: each.modelType,
    key: each.key,
    coolingMs: each.account ? 0 : cooling.leftMs(each.name),
    pause: pauses.find(({ modelType }) => modelType === each.modelType),
  }));
  const unused = pauses.filter(({ modelType }) => used.every((queue) => queue.modelType !== modelType));
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
