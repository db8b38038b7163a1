/** Daily budgets: what may be spent, what is left of it today; the owner sets and removes them. */
import { useState } from 'preact/hooks';
import type { Budget, Problem } from '../server/answers.js';
import { post, problemOf, whoAmI } from './ask.js';
import { money, number, t } from './language.js';
import { ProblemNote } from './notes.js';

export function Budgets({ budgets, changed }: { budgets: Budget[]; changed(): void }) {
  const [problem, setProblem] = useState<Problem>();
  const owner = whoAmI.value?.owner ?? false;
  const change = async (path: string, body: unknown) => {
    setProblem(undefined);
    try {
      await post(path, body);
      changed();
      return true;
    } catch (error) {
      setProblem(problemOf(error));
      return false;
    }
  };
  return (
    <section>
      <h2>{t('budgets')}</h2>
      {budgets.length === 0 && <p class="soft">{t('budgets.none')}</p>}
      <ul class="budgets">
        {budgets.map((budget) => (
          <li key={`${budget.role} ${budget.model}`} class="panel">
            <div class="part-head">
              <h3>
                {budget.role ?? t('budgets.everyRole')} · {budget.model ?? t('budgets.everyModel')}
              </h3>
              {owner && (
                <button
                  type="button"
                  class="quiet small"
                  onClick={() => change('/api/budgets/remove', { role: budget.role, model: budget.model })}
                >
                  {t('remove')}
                </button>
              )}
            </div>
            {budget.moneyPerDay !== null && (
              <Left
                label={t('budgets.money')}
                used={budget.moneyToday}
                allowed={budget.moneyPerDay}
                format={(value) => money(value, budget.currency)}
              />
            )}
            {budget.callsPerDay !== null && (
              <Left
                label={t('budgets.calls')}
                used={budget.callsToday}
                allowed={budget.callsPerDay}
                format={number}
              />
            )}
          </li>
        ))}
      </ul>
      <ProblemNote problem={problem} />
      {owner && <BudgetForm change={change} />}
    </section>
  );
}

function Left(props: { label: string; used: number; allowed: number; format(value: number): string }) {
  const { label, used, allowed, format } = props;
  const left = Math.max(0, allowed - used);
  return (
    <div class="left">
      <span>
        {label}: {t('budgets.left', { left: format(left), allowed: format(allowed) })}
      </span>
      <meter
        min={0}
        max={Math.max(allowed, 0.000001)}
        value={Math.min(used, allowed)}
        high={allowed * 0.9}
        optimum={0}
        aria-label={label}
      />
    </div>
  );
}

function BudgetForm({ change }: { change(path: string, body: unknown): Promise<boolean> }) {
  const set = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = new FormData(form);
    const numberOf = (name: string) => (fields.get(name) ? Number(fields.get(name)) : null);
    const done = await change('/api/budgets/set', {
      role: fields.get('role'),
      model: fields.get('model'),
      callsPerDay: numberOf('calls'),
      moneyPerDay: numberOf('money'),
    });
    if (done) form.reset();
  };
  return (
    <details class="deploy">
      <summary>{t('budgets.set')}</summary>
      <form onSubmit={set}>
        <label class="field">
          <span>{t('role')}</span>
          <input name="role" placeholder={t('budgets.everyRole')} autocapitalize="none" spellcheck={false} />
        </label>
        <label class="field">
          <span>{t('model')}</span>
          <input
            name="model"
            placeholder={t('budgets.everyModel')}
            autocapitalize="none"
            spellcheck={false}
          />
        </label>
        <label class="field">
          <span>{t('budgets.callsPerDay')}</span>
          <input name="calls" type="number" min="0" step="1" inputMode="numeric" />
        </label>
        <label class="field">
          <span>{t('budgets.moneyPerDay')}</span>
          <input name="money" type="number" min="0" step="0.01" inputMode="decimal" />
        </label>
        <button type="submit" class="primary">
          {t('budgets.setNow')}
        </button>
      </form>
    </details>
  );
}
