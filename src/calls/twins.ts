/** Calls that ask for the same at the same time, of statements whose ai_gen.reuse is on: the first one is made, the others are its twins. */
import { roleKey } from '../ledger/job.js';
import { isGivenUp } from './answers.js';
import type { StatementCall } from './statement.js';

export interface Twins {
  /** Sorts calls about to be decided: those that are the first of their kind, and the others with the one that they follow. */
  part(calls: StatementCall[]): { first: StatementCall[]; others: [StatementCall, StatementCall][] };
  /** The same is made at this time, and the call would follow it. */
  has(call: StatementCall): boolean;
  /** They have ended, or will not be made. */
  forget(calls: StatementCall[]): void;
}

export function createTwins(): Twins {
  const firsts = new Map<string, StatementCall>();
  return {
    part(calls) {
      const first: StatementCall[] = [];
      const others: [StatementCall, StatementCall][] = [];
      for (const call of calls) {
        const twin = call.reuse === 'on' ? firsts.get(nameOf(call)) : undefined;
        if (twin) others.push([call, twin]);
        else first.push(call);
        if (!twin && call.reuse === 'on') firsts.set(nameOf(call), call);
      }
      return { first, others };
    },
    has: (call) => call.reuse === 'on' && firsts.has(nameOf(call)),
    forget(calls) {
      for (const call of calls) if (firsts.get(nameOf(call)) === call) firsts.delete(nameOf(call));
    },
  };
}

function nameOf({ statement, requestKey }: StatementCall): string {
  return `${roleKey(statement.origin)} ${requestKey}`;
}

/** What the first one gets; undefined: it was not made, or given up before it was sent, which is no answer to its twins. */
export async function twinsResult(twin: StatementCall): Promise<string | undefined> {
  const decided = await (twin.decided ?? Promise.reject(new Error('not decided'))).then(
    () => true,
    () => false,
  );
  if (!decided || !twin.outcome) return undefined;
  try {
    return await (twin.underWay?.hear() ?? twin.outcome);
  } catch (error) {
    if (isGivenUp(error)) return undefined;
    throw error;
  }
}
