/**
 * At COMMIT PostgreSQL reads a cursor WITH HOLD from its begin, to keep all of its rows: what FETCH has brought of it in the transaction is not
 * made, and paid for, a second time.
 */
import type { StatementCall } from './statement.js';

export interface Fetched {
  /** These are about to be made. */
  note(calls: StatementCall[]): void;
  /** The call that FETCH has brought and that asks for the same, if it is COMMIT that asks; each is given once. */
  take(call: StatementCall): StatementCall | undefined;
  /** Their statement is over. */
  forget(calls: StatementCall[]): void;
}

const fetches = /^\s*fetch\b/i;
const commits = /^\s*(commit|end)\b/i;

export function createFetched(): Fetched {
  const calls = new Map<string, StatementCall[]>();
  return {
    note(made) {
      for (const call of made) {
        if (!fetches.test(call.statement.text)) continue;
        const same = calls.get(nameOf(call));
        if (same) same.push(call);
        else calls.set(nameOf(call), [call]);
      }
    },
    take: (call) =>
      commits.test(call.statement.text) && call.reuse !== 'off'
        ? calls.get(nameOf(call))?.shift()
        : undefined,
    forget(over) {
      if (calls.size === 0) return;
      const gone = new Set(over);
      for (const name of new Set(over.map(nameOf))) {
        const left = calls.get(name)?.filter((call) => !gone.has(call)) ?? [];
        if (left.length > 0) calls.set(name, left);
        else calls.delete(name);
      }
    },
  };
}

/** The transaction of an engine process, and what is asked for. */
function nameOf({ statement: { origin }, requestKey }: StatementCall): string {
  return `${origin.engineProcessId} ${origin.roleOid} ${requestKey}`;
}
