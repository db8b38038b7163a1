/** Questions about money: budgets. */
import { longestTag } from '../../calls/session-settings.js';
import { KnownError } from '../../errors.js';
import { oneOf, refuse } from '../../fields.js';
import { type Json, textOf } from '../../json.js';
import {
  type Budget,
  type BudgetSubject,
  type Budgets,
  type Catalogue,
  type Period,
  periods,
} from '../../ledger/models.js';
import type { Answers, QuestionTools } from './question.js';
import { requireAdmin } from './rights.js';

export function answerAboutMoney({ budgets, models }: QuestionTools): Answers {
  return {
    async set_budget(question, caller) {
      requireAdmin(caller, 'setting a budget');
      const budget = readBudget(question);
      if (budget.role !== undefined && question.role_exists !== true) await requireRole(budget.role, budgets);
      if (budget.model !== undefined) await requireModel(budget.model, models.catalogue);
      await budgets.set(budget);
    },
    async remove_budget(question, caller) {
      requireAdmin(caller, 'removing a budget');
      const subject = subjectOf(question);
      const soft = typeof question.soft === 'boolean' ? question.soft : undefined;
      if (await budgets.remove({ ...subject, soft, period: periodAt(question) })) return;
      const { role, model } = subject;
      throw new KnownError({
        kind: 'undefinedObject',
        message: `there is no such budget of ${role ? `role "${role}"` : 'all roles'} and ${model ? `model "${model}"` : 'all models'}`,
        hint: 'SELECT * FROM hologen.budgets shows them; NULL stands for all.',
      });
    },
  };
}

const subjectFields = ['role_name', 'model_name', 'database_name', 'application_name', 'tag'];

function subjectOf(question: Json): BudgetSubject {
  for (const field of subjectFields) if (question[field] === '') refuse(field, '', 'a name, or NULL for all');
  if (String(question.tag ?? '').length > longestTag)
    refuse('tag', question.tag, `a text of at most ${longestTag} characters`);
  return {
    role: textOf(question.role_name),
    model: textOf(question.model_name),
    database: textOf(question.database_name),
    application: textOf(question.application_name),
    tag: textOf(question.tag),
  };
}

function readBudget(question: Json): Budget {
  const period = periodAt(question) ?? 'day';
  if (
    period !== 'day' &&
    (amountAt(question, 'calls_per_day') ?? amountAt(question, 'money_per_day')) !== undefined
  )
    refuse(
      'period',
      period,
      "'day' where calls_per_day or money_per_day is given",
      'Write calls and money for other periods.',
    );
  const calls = oneAmount(question, 'calls', 'calls_per_day');
  const money = oneAmount(question, 'money', 'money_per_day');
  if (calls === undefined && money === undefined)
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: 'a budget needs a limit of calls, of money, or both',
      hint: "CALL set_budget('amy', NULL, 100), or CALL set_budget(role_name => 'amy', period => 'month', money => 500); remove_budget removes one.",
    });
  return { ...subjectOf(question), period, soft: question.soft === true, calls, money };
}

function periodAt(question: Json): Period | undefined {
  const word = textOf(question.period);
  if (word === undefined) return undefined;
  return periods.find((period) => period === word) ?? refuse('period', word, oneOf(periods));
}

const mostNamed = 20;

/** A budget of a mistyped name would hold nobody. */
async function requireRole(role: string, budgets: Budgets): Promise<void> {
  const roles = await budgets.roles();
  if (roles.includes(role)) return;
  throw new KnownError({
    kind: 'undefinedObject',
    message: `role "${role}" does not exist`,
    hint: `Roles that may log in: ${roles.slice(0, mostNamed).join(', ')}. NULL stands for all.`,
  });
}

async function requireModel(model: string, catalogue: Catalogue): Promise<void> {
  const deployed = (await catalogue.list()).map(({ name }) => name);
  if (deployed.includes(model)) return;
  throw new KnownError({
    kind: 'undefinedObject',
    message: `external model "${model}" does not exist`,
    hint: `Deployed: ${deployed.slice(0, mostNamed).join(', ') || 'none'}. NULL stands for all.`,
  });
}

/** A limit, which a day's may have under either name. */
function oneAmount(question: Json, name: string, nameOfDay: string): number | undefined {
  const [amount, ofDay] = [amountAt(question, name), amountAt(question, nameOfDay)];
  if (amount !== undefined && ofDay !== undefined)
    refuse(nameOfDay, ofDay, `left out where ${name} is given`);
  return amount ?? ofDay;
}

/** More is no limit. */
const mostOfLimit = 1e15;

function amountAt(question: Json, name: string): number | undefined {
  const value = question[name];
  if (value === null || value === undefined) return undefined;
  return typeof value === 'number' && value >= 0 && value <= mostOfLimit
    ? value
    : refuse(name, value, 'a number of at least 0, or NULL for no limit');
}
