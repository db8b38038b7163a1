/**
 * Lets calls through as fast as the provider allows: one gate for each API key and model type, shared by all sessions.
 *
 * Room: src/pace holds when a call may be sent: rates, running tasks, waiting lines. It knows no provider and no ledger.
 */
import { createGate, finite, type Gate, type GateState, type Limits, unlimited } from './gate.js';

export interface Queue extends GateState {
  modelType: string;
}

export interface Schedule {
  /**
   * `own` are a deployed model's limits, which replace those of the model table. Calls of one key and type share a gate of the widest limits
   * that any of their names has; those of a name with narrower ones pass a gate of its own besides. So limits of several names do not add up.
   */
  gate(apiKey: string, modelType: string, limits: Limits, own: Partial<Limits>): Gate;
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

/** `paced: false` (the sandbox without documented limits) leaves a deployed model's own limits and the 429 pauses. */
export function createSchedule(paced: boolean): Schedule {
  /** By key and type, and by key, type and narrower limits. */
  const gates = new Map<string, { modelType: string; gate: Gate }>();
  const lookupGates = new Map<string, Gate>();
  let gateways = 1;

  function newGate(limits: Limits): Gate {
    const gate = createGate(limits);
    gate.shareAmong(gateways);
    return gate;
  }

  function gateOf(name: string, modelType: string, limits: Limits): Gate {
    const known = gates.get(name)?.gate;
    if (known) return known;
    const gate = newGate(limits);
    gates.set(name, { modelType, gate });
    return gate;
  }

  return {
    gate(apiKey, modelType, limits, own) {
      const { submitsPerSecond, concurrentTasks } = { ...(paced ? limits : unlimited), ...own };
      const wanted = { submitsPerSecond, concurrentTasks };
      const account = gateOf(`${apiKey} ${modelType}`, modelType, wanted);
      account.widen(wanted);
      const widest = account.state();
      if (widest.submitsPerSecond === finite(submitsPerSecond) && widest.concurrentTasks === concurrentTasks)
        return account;
      return behind(
        gateOf(`${apiKey} ${modelType} ${submitsPerSecond} ${concurrentTasks}`, modelType, wanted),
        account,
      );
    },
    lookups(apiKey) {
      const gate = lookupGates.get(apiKey) ?? newGate(paced ? lookupLimits : unlimited);
      lookupGates.set(apiKey, gate);
      return gate;
    },
    queues: () => [...gates.values()].map(({ modelType, gate }) => ({ modelType, ...gate.state() })),
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

/** First the narrower gate, then the one of the account; what the provider says concerns the account. */
function behind(own: Gate, account: Gate): Gate {
  return {
    ...account,
    async enter(signal, role) {
      const leaveOwn = await own.enter(signal, role);
      try {
        const leaveAccount = await account.enter(signal, role);
        return () => {
          leaveAccount();
          leaveOwn();
        };
      } catch (error) {
        leaveOwn();
        throw error;
      }
    },
  };
}
