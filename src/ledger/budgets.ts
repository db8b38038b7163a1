/** Budgets in the engine's own table, the error of a statement that would go over one, and what is said when a soft one is passed. */

import type { EnginePool } from '../engine/pool.js';
import { KnownError } from '../errors.js';
import type { BudgetSubject, Budgets, Period } from './models.js';

/** A budget that a statement goes over, as hologen_internal.open_jobs tells it. */
export interface PassedBudget {
  budget: {
    role_name: string | null;
    model_name: string | null;
    database_name: string | null;
    application_name: string | null;
    tag: string | null;
    period: Period;
    soft: boolean;
    currency: string;
    since: string;
  };
  what: 'calls' | 'money' | 'price';
  allowed: string;
  used: string;
  wanted: string;
  /** The model whose price the budget cannot count. */
  offender: string | null;
  /** It was not passed before in its period. */
  news: boolean;
}

const subjectColumns = ['role_name', 'model_name', 'database_name', 'application_name', 'tag'] as const;

function subjectValues({ role, model, database, application, tag }: BudgetSubject) {
  return [role, model, database, application, tag];
}

export function createBudgets(pool: EnginePool): Budgets {
  return {
    async set({ period, soft, calls, money, ...subject }) {
      await pool.query(
        `INSERT INTO hologen_internal.budget (${subjectColumns.join(', ')}, period, soft, calls, money) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (coalesce(role_name, ''), coalesce(model_name, ''), coalesce(database_name, ''), coalesce(application_name, ''),
           coalesce(tag, ''), period, soft)
         DO UPDATE SET calls = excluded.calls, money = excluded.money, told_at = NULL`,
        [...subjectValues(subject), period, soft, calls, money],
      );
    },
    async roles() {
      // Those that may log in first: they are what one means.
      const { rows } = await pool.query<{ name: string }>(
        `SELECT rolname AS name FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY NOT rolcanlogin, rolname`,
      );
      return rows.map(({ name }) => name);
    },
    async remove({ period, soft, ...subject }) {
      const same = subjectColumns.map((column, index) => `${column} IS NOT DISTINCT FROM $${index + 1}`);
      const { rowCount } = await pool.query(
        `DELETE FROM hologen_internal.budget WHERE ${same.join(' AND ')} AND period = coalesce($6, period) AND soft = coalesce($7, soft)`,
        [...subjectValues(subject), period, soft],
      );
      return rowCount !== 0;
    },
  };
}

/** What views go by: the zone of the engine, in which budgets' days begin, and what the operator has said of degrees. */
export async function noteSettings(
  pool: EnginePool,
  { defaultDegree, viewersSee }: { defaultDegree: string; viewersSee: string },
): Promise<void> {
  await pool.query(
    `INSERT INTO hologen_internal.setting VALUES ('time_zone', current_setting('TimeZone')), ('default_degree', $1), ('viewers_see', $2)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE setting.value <> excluded.value`,
    [defaultDegree, viewersSee],
  );
}

const periodNames: Record<Period, string> = {
  hour: "this hour's budget",
  day: "today's budget",
  week: "this week's budget",
  month: "this month's budget",
  total: 'the budget',
};

/** `today's budget of role amy and model video`. */
function nameOf({ budget }: PassedBudget): string {
  const whose = subjectColumns.flatMap((column) =>
    budget[column] === null ? [] : [`${column.replace('_name', '')} ${budget[column]}`],
  );
  return `${periodNames[budget.period]} of ${whose.join(' and ') || 'all roles and models'}`;
}

function amount({ what, budget }: PassedBudget, value: string): string {
  const number = Number(value);
  return what === 'money'
    ? `${budget.currency} ${number.toFixed(2)}`
    : `${number} ${number === 1 ? 'call' : 'calls'}`;
}

const howToChange =
  'SELECT * FROM hologen.my_budget shows what is left; an administrator changes it with CALL set_budget(…).';

export function overBudget(passed: PassedBudget): KnownError {
  const { what, offender, budget } = passed;
  const kind = 'configurationLimitExceeded';
  const detail = 'None of these calls was sent.';
  if (what === 'price')
    return new KnownError({
      ...{ kind, detail },
      message: `${nameOf(passed)} is of money, and cannot count the model "${offender}": what a call of it costs in ${budget.currency} is not known before it is made`,
      hint: `Of a text model that has a price, bound the answer: "parameters": {"max_tokens": 1000}. An administrator can deploy models with a price ("price" in their config), set a budget of calls, or make the one of money soft. ${howToChange}`,
    });
  return new KnownError({
    ...{ kind, detail },
    message: `the statement would go over ${nameOf(passed)}: ${amount(passed, passed.used)} of ${amount(passed, passed.allowed)} are used, and these calls need ${amount(passed, passed.wanted)} more`,
    hint: howToChange,
  });
}

/** What the person who passes a soft budget is told. */
export function softBudgetNote(passed: PassedBudget): string {
  const used = Number(passed.used) + Number(passed.wanted);
  return `ai_gen: ${nameOf(passed)} is passed: with these calls ${amount(passed, String(used))} of ${amount(passed, passed.allowed)} are used; it is a soft one, and they are made`;
}

export type BudgetNews = (news: { text: string; passed: PassedBudget }) => void;
