/** What was estimated and may be run: each code stands for one statement, as it was estimated, and is good once and for a while. */
import { randomBytes } from 'node:crypto';
import type { Estimate } from './sessions.js';

export interface Approval {
  statement: string;
  estimates: Estimate[];
  /** In CNY. */
  price: number;
}

export interface Approvals {
  /** Of all its calls in CNY; null where it is not known before. */
  priceOf(estimates: Estimate[]): number | null;
  add(approval: Approval): string;
  /** Throws when there is none of this code, or none any more. */
  take(code: string): Approval;
}

const goodForMs = 30 * 60_000;
const mostKept = 100;

export function createApprovals(now: () => number = Date.now): Approvals {
  const kept = new Map<string, Approval & { at: number }>();
  return {
    priceOf(estimates) {
      const known = estimates.every(({ price, currency }) => price !== null && currency === 'CNY');
      return known ? estimates.reduce((sum, { price }) => sum + (price ?? 0), 0) : null;
    },
    add(approval) {
      const code = randomBytes(6).toString('hex');
      kept.set(code, { ...approval, at: now() });
      const [oldest = ''] = kept.keys();
      if (kept.size > mostKept) kept.delete(oldest);
      return code;
    },
    take(code) {
      const found = kept.get(code);
      kept.delete(code);
      if (found && now() - found.at <= goodForMs) return found;
      throw new Error(
        `there is no approval "${code}", or it was used or is older than half an hour; call estimate again`,
      );
    },
  };
}
