/** Questions about money: the budgets of a day. */
import { KnownError } from '../../errors.js';
import { refuse } from '../../fields.js';
import { type Json, textOf } from '../../json.js';
import type { Budgets, Catalogue } from '../../ledger/models.js';
import type { Answers, QuestionTools } from './question.js';
import { requireOwner } from './rights.js';

export function answerAboutMoney({ budgets, models }: QuestionTools): Answers {
  return {
    async set_budget(question, caller) {
      requireOwner(caller, 'setting a budget');
      const callsPerDay = amountAt(question, 'calls_per_day');
      const moneyPerDay = amountAt(question, 'money_per_day');
      if (callsPerDay === undefined && moneyPerDay === undefined) {
        throw new KnownError({
          kind: 'invalidParameterValue',
          message: 'a budget needs calls_per_day, money_per_day or both',
          hint: 'CALL remove_budget(role, model) removes one.',
        });
      }
      const [role, model] = [textOf(question.role_name), textOf(question.model_name)];
      if (role !== undefined) await requireRole(role, budgets);
      if (model !== undefined) await requireModel(model, models.catalogue);
      await budgets.set({ role, model, callsPerDay, moneyPerDay });
    },
    async remove_budget(question, caller) {
      requireOwner(caller, 'removing a budget');
      const [role, model] = [textOf(question.role_name), textOf(question.model_name)];
      if (await budgets.remove(role, model)) return;
      throw new KnownError({
        kind: 'undefinedObject',
        message: `there is no budget of ${role ? `role "${role}"` : 'all roles'} and ${model ? `model "${model}"` : 'all models'}`,
        hint: 'SELECT * FROM hologen.budgets shows them; NULL stands for all.',
      });
    },
  };
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

function amountAt(question: Json, name: string): number | undefined {
  const value = question[name];
  if (value === null || value === undefined) return undefined;
  return typeof value === 'number' && value >= 0
    ? value
    : refuse(name, value, 'a number of at least 0, or NULL for no limit');
}
