/** Budgets of a day in the engine's own table, and the error of a statement that would go over one. */

import type { EnginePool } from '../engine/pool.js';
import { KnownError } from '../errors.js';
import type { Budgets } from './models.js';

/** The budget a statement would go over, as hologen_internal.open_jobs tells it. */
export interface Exceeded {
  role_name: string | null;
  model_name: string | null;
  what: 'calls' | 'money';
  allowed: string;
  used: string;
  wanted: string;
  currency: string;
}

export function createBudgets(pool: EnginePool): Budgets {
  return {
    async set({ role, model, callsPerDay, moneyPerDay }) {
      await pool.query(
        `INSERT INTO hologen_internal.budget (role_name, model_name, calls_per_day, money_per_day) VALUES ($1, $2, $3, $4)
         ON CONFLICT (coalesce(role_name, ''), coalesce(model_name, ''))
         DO UPDATE SET calls_per_day = excluded.calls_per_day, money_per_day = excluded.money_per_day`,
        [role, model, callsPerDay, moneyPerDay],
      );
    },
    async roles() {
      // Those that may log in first: they are what one means.
      const { rows } = await pool.query<{ name: string }>(
        `SELECT rolname AS name FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY NOT rolcanlogin, rolname`,
      );
      return rows.map(({ name }) => name);
    },
    async remove(role, model) {
      const { rowCount } = await pool.query(
        `DELETE FROM hologen_internal.budget WHERE role_name IS NOT DISTINCT FROM $1 AND model_name IS NOT DISTINCT FROM $2`,
        [role, model],
      );
      return rowCount !== 0;
    },
  };
}

export function overBudget(exceeded: Exceeded): KnownError {
  const { role_name, model_name, what, currency } = exceeded;
  const amount = (value: string) =>
    what === 'money'
      ? `${currency} ${Number(value).toFixed(2)}`
      : `${Number(value)} ${Number(value) === 1 ? 'call' : 'calls'}`;
  const whose = [role_name && `role ${role_name}`, model_name && `model ${model_name}`].filter(Boolean);
  return new KnownError({
    kind: 'configurationLimitExceeded',
    message: `the statement would go over today's budget of ${whose.join(' and ') || 'all roles and models'}: ${amount(exceeded.used)} of ${amount(exceeded.allowed)} are used, and these calls need ${amount(exceeded.wanted)} more`,
    detail: 'None of these calls was sent.',
    hint: 'SELECT * FROM hologen.budgets shows what is left; the owner of hologen changes it with CALL set_budget(role, model, calls_per_day, money_per_day).',
  });
}
