/** Tells the operator's own address that a soft budget is passed. What it is told there is not in the way of any call. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { request } from 'undici';
import type { BudgetNews } from './budgets.js';

const attempts = 4;
const firstPauseMs = 1_000;
const longestAnswerMs = 10_000;

/**
 * Posts `{event: "budget_passed", text, budget: {role_name, model_name, …, period, soft, since}, what, allowed, used, wanted}`; again, with
 * growing pauses, where that fails. Without an address it does nothing.
 */
export function createBudgetWebhook(address: URL | undefined, log: Logger): BudgetNews {
  return ({ text, passed: { budget, what, allowed, used, wanted } }) => {
    log.warn({ budget, what, used, wanted }, 'a soft budget is passed');
    if (!address) return;
    const { told_at, budget_id, ...told } = budget as typeof budget & Record<string, unknown>;
    const body = JSON.stringify({ event: 'budget_passed', text, budget: told, what, allowed, used, wanted });
    post(address, body).catch((error: unknown) =>
      log.error({ err: error }, 'the budget webhook was not told'),
    );
  };
}

async function post(address: URL, body: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { statusCode, body: answer } = await request(address, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(longestAnswerMs),
      });
      await answer.dump();
      if (statusCode < 300) return;
      throw new Error(`the webhook answered ${statusCode}`);
    } catch (error) {
      if (attempt === attempts) throw error;
    }
    await delay(firstPauseMs * 2 ** (attempt - 1), undefined, { ref: false });
  }
}
