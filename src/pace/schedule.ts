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
}

/** Whose gate it is, and what its calls may do. */
export interface GateOf {
  account: string;
  key?: string | undefined;
  limits: Limits;
  own: Partial<Limits>;
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
  /** What waits and runs at each gate that was used since the gateway started. */
  queues(): Queue[];
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

/** `paced: false` (the sandbox without documented limits) leaves a deployed model's own limits and the 429 pauses. */
export function createSchedule(paced: boolean): Schedule {
  /** By key and type, and by key, type and narrower limits. */
  const gates = new Map<string, Known>();
  const lookupGates = new Map<string, Gate>();
  const cooling = createCooling();
  let gateways = 1;

  function newGate(limits: Limits): Gate {
    const gate = createGate(limits);
    gate.shareAmong(gateways);
    return gate;
  }

  function known(name: string, of: Pick<Known, 'modelType' | 'key'>, limits: Limits, account?: Gate): Known {
    const made = gates.get(name) ?? { name, ...of, gate: newGate(limits), account, through: none() };
    // A model without a pool may have used the key first.
    made.key ??= of.key;
    gates.set(name, made);
    return made;
  }

  return {
    cooling,
    gate(modelType, { account: id, key, limits, own }) {
      const { submitsPerSecond, concurrentTasks } = { ...(paced ? limits : unlimited), ...own };
      const wanted = { submitsPerSecond, concurrentTasks };
      const name = accountOf(id, modelType);
      const account = known(name, { modelType, key }, wanted).gate;
      account.widen(wanted);
      const widest = account.state();
      if (widest.submitsPerSecond === finite(submitsPerSecond) && widest.concurrentTasks === concurrentTasks)
        return account;
      const narrower = `${name} ${submitsPerSecond} ${concurrentTasks}`;
      return behind(known(narrower, { modelType, key }, wanted, account), account);
    },
    lookups(apiKey) {
      const gate = lookupGates.get(apiKey) ?? newGate(paced ? lookupLimits : unlimited);
      lookupGates.set(apiKey, gate);
      return gate;
    },
    queues: () => queuesOf([...gates.values()], cooling),
    shareAmong(number) {
      if (number === gateways) return;
      gateways = number;
      for (const gate of [...[...gates.values()].map((each) => each.gate), ...lookupGates.values()])
        gate.shareAmong(number);
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

/** First the narrower gate, then the one of the account; what the provider says concerns the account. */
function behind({ gate: own, through }: Known, account: Gate): Gate {
  return {
    ...account,
    isOpen: () => own.isOpen() && account.isOpen(),
    async enter(signal, role, sentBefore) {
      const leaveOwn = await own.enter(signal, role, sentBefore);
      through.waiting += 1;
      const enters = account.enter(signal, role, sentBefore).finally(() => {
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

function queuesOf(all: Known[], cooling: Cooling): Queue[] {
  return all.map((each) => ({
    ...queueOf(each, all),
    coolingMs: each.account ? 0 : cooling.leftMs(each.name),
  }));
}

/** Each call is counted once: at the gate of its own limits, if it has one. */
function queueOf({ modelType, key, gate, account, through }: Known, all: Known[]): Omit<Queue, 'coolingMs'> {
  const state = gate.state();
  if (account)
    return { modelType, key, ...state, queued: state.queued + through.waiting, running: through.inside };
  const others = all.filter((each) => each.account === gate).map((each) => each.through);
  const sum = (count: keyof Through) => others.reduce((total, each) => total + each[count], 0);
  return {
    ...{ modelType, key, ...state },
    queued: Math.max(0, state.queued - sum('waiting')),
    running: Math.max(0, state.running - sum('inside')),
  };
}
