/** Questions about money: the budgets of a day. */
import { KnownError } from '../../errors.js';
import { refuse } from '../../fields.js';
import { type Json, textOf } from '../../json.js';
import type { Answers, QuestionTools } from './question.js';
import { requireOwner } from './rights.js';

export function answerAboutMoney({ budgets }: QuestionTools): Answers {
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
      await budgets.set({
        role: textOf(question.role_name),
        model: textOf(question.model_name),
        callsPerDay,
        moneyPerDay,
      });
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

function amountAt(question: Json, name: string): number | undefined {
  const value = question[name];
  if (value === null || value === undefined) return undefined;
  return typeof value === 'number' && value >= 0
    ? value
    : refuse(name, value, 'a number of at least 0, or NULL for no limit');
}
