/** Tells the operator's own address that a soft budget is passed. What it is told there is not in the way of any call. */
import type { Logger } from 'pino';
import type { EnginePool } from '../engine/pool.js';
import type { BudgetNews } from './budgets.js';
import { tellOfBudget } from './webhook-messages.js';

/**
 * Told is `{event: "budget_passed", text, budget: {role_name, model_name, …, period, soft, since}, what, allowed, used, wanted}`, on the way of
 * all webhooks. Without an address it does nothing.
 */
export function createBudgetWebhook(
  operator: { readonly budgetWebhook: URL | undefined },
  pool: EnginePool,
  log: Logger,
): BudgetNews {
  return ({ text, passed: { budget, what, allowed, used, wanted } }) => {
    log.warn({ budget, what, used, wanted }, 'a soft budget is passed');
    if (!operator.budgetWebhook) return;
    const { told_at, budget_id, ...told } = budget as typeof budget & Record<string, unknown>;
    const news = { event: 'budget_passed', text, budget: told, what, allowed, used, wanted };
    tellOfBudget(pool, news).catch((error: unknown) =>
      log.error({ err: error }, 'the budget webhook was not told'),
    );
  };
}
