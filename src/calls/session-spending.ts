/** What a session may spend from its start to its end, said by whoever opened it: no statement of it can raise that. */
import { KnownError } from '../errors.js';
import type { CheckedCall } from './check.js';

export interface SessionSpending {
  /** A session of the engine process begins; `most`: what it was opened to spend, undefined: as much as it likes. Returns what ends it. */
  begin(engineProcessId: number, most: number | undefined): () => void;
  /**
   * Counts what calls of one statement will cost at the most, before they are opened: KnownError 53400 when that is more than their session
   * may spend. Returns what corrects that, one for each call: what it cost, or 0 for one that is not opened after all.
   */
  take(
    session: { engineProcessId: number; spendAtMost: number | undefined },
    calls: CheckedCall[],
  ): Correct[];
  /** What each open session has spent, by engine process: what is open as it is reckoned, the rest as it cost. */
  sessions(): Map<number, number>;
}

/** `amount` in CNY, as budgets of money count. */
export type Correct = (amount: number) => void;

interface Purse {
  most: number;
  spent: number;
}

/** Of what sessions may spend. */
export const currency = 'CNY';

export function createSessionSpending(): SessionSpending {
  const purses = new Map<number, Purse>();
  return {
    // Sums of binary fractions, as the decimal ones that they come near to.
    sessions: () => new Map([...purses].map(([id, { spent }]) => [id, Number(spent.toPrecision(12))])),
    begin(engineProcessId, most = Number.POSITIVE_INFINITY) {
      const purse = { most, spent: 0 };
      purses.set(engineProcessId, purse);
      return () => {
        // Another session may have the number by now.
        if (purses.get(engineProcessId) === purse) purses.delete(engineProcessId);
      };
    },
    take({ engineProcessId, spendAtMost }, calls) {
      const purse = purses.get(engineProcessId) ?? { most: Number.POSITIVE_INFINITY, spent: 0 };
      const prices = calls.map((call) => priceOf(call) ?? 0);
      const wanted = prices.reduce((sum, price) => sum + price, 0);
      const most = Math.min(purse.most, spendAtMost ?? Number.POSITIVE_INFINITY);
      if (most < Number.POSITIVE_INFINITY) refuseBeyond(most, purse.spent, wanted, calls);
      return prices.map((price) => counted(purse, price));
    },
  };
}

function counted(purse: Purse, price: number): Correct {
  let part = 0;
  const correct = (amount: number) => {
    // What is taken back would leave a little less than nothing.
    purse.spent = Number((purse.spent + amount - part).toFixed(12));
    part = amount;
  };
  correct(price);
  return correct;
}

/** Undefined: not known before. */
function priceOf({ request }: CheckedCall): number | undefined {
  const { cost } = request.estimate;
  return cost?.currency === currency ? cost.amount : undefined;
}

function refuseBeyond(most: number, spent: number, wanted: number, calls: CheckedCall[]): void {
  const kind = 'configurationLimitExceeded';
  const detail = 'None of these calls was sent.';
  const unpriced = calls.find((call) => priceOf(call) === undefined);
  if (unpriced)
    throw new KnownError({
      ...{ kind, detail },
      message: `this session may spend ${money(most)} (ai_gen.spend_at_most), and what a call of "${unpriced.model.name}" costs in ${currency} is not known before it is made`,
      hint: 'Open a session without ai_gen.spend_at_most for it, under a budget of calls; ai_estimate(…) prices a statement and spends nothing.',
    });
  // Sums of prices such as 0.2 are off by less than this.
  if (spent + wanted <= most + 1e-9) return;
  throw new KnownError({
    ...{ kind, detail },
    message: `the statement would go over what this session may spend (ai_gen.spend_at_most): ${money(spent)} of ${money(most)} are used, and these calls need ${money(wanted)} more`,
    hint: 'What a session was opened with it cannot raise; open another with a higher one. ai_estimate(…) prices a statement and spends nothing.',
  });
}

function money(amount: number): string {
  return `${currency} ${amount.toFixed(2)}`;
}
