/** Budgets: what may be spent in their periods, and what is left of it; administrators set and remove them. */
import { useState } from 'preact/hooks';
import type { Budget, Period, Problem } from '../server/answers.js';
import { post, problemOf, whoAmI } from './ask.js';
import { money, number, t } from './language.js';
import { ProblemNote } from './notes.js';

const periods: Period[] = ['hour', 'day', 'week', 'month', 'total'];

export function Budgets({ budgets, changed }: { budgets: Budget[]; changed(): void }) {
  const [problem, setProblem] = useState<Problem>();
  const administers = whoAmI.value?.administers ?? false;
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
          <li key={JSON.stringify(subjectOf(budget))} class="panel">
            <div class="part-head">
              <h3>{titleOf(budget)}</h3>
              {administers && (
                <button
                  type="button"
                  class="quiet small"
                  onClick={() => change('/api/budgets/remove', subjectOf(budget))}
                >
                  {t('remove')}
                </button>
              )}
            </div>
            <BudgetLeft budget={budget} />
          </li>
        ))}
      </ul>
      <ProblemNote problem={problem} />
      {administers && <BudgetForm change={change} />}
    </section>
  );
}

function subjectOf({ role, model, database, application, tag, period, soft }: Budget) {
  return { role, model, database, application, tag, period, soft };
}

function titleOf({ role, model, database, application, tag, soft }: Budget): string {
  const others = [
    ...(database ? [`${t('budgets.database')} ${database}`] : []),
    ...(application ? [`${t('budgets.application')} ${application}`] : []),
    ...(tag ? [`${t('budgets.tag')} ${tag}`] : []),
    ...(soft ? [t('budgets.soft')] : []),
  ];
  return [role ?? t('budgets.everyRole'), model ?? t('budgets.everyModel'), ...others].join(' · ');
}

/** What is left of a budget, in money and in calls. */
export function BudgetLeft({ budget }: { budget: Budget }) {
  const when = t(`budgets.of.${budget.period}`);
  return (
    <>
      {budget.money !== null && (
        <Left
          label={t('budgets.money')}
          used={budget.moneyUsed}
          allowed={budget.money}
          when={when}
          format={(value) => money(value, budget.currency)}
        />
      )}
      {budget.calls !== null && (
        <Left
          label={t('budgets.calls')}
          used={budget.callsUsed}
          allowed={budget.calls}
          when={when}
          format={number}
        />
      )}
    </>
  );
}

function Left(props: {
  label: string;
  used: number;
  allowed: number;
  when: string;
  format(value: number): string;
}) {
  const { label, used, allowed, when, format } = props;
  const left = Math.max(0, allowed - used);
  return (
    <div class="left">
      <span>
        {label}: {t('budgets.left', { left: format(left), allowed: format(allowed), when })}
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

/** Names of the form's text fields, each with what an empty one means. */
const subjectFields = [
  ['role', 'role', 'budgets.everyRole'],
  ['model', 'model', 'budgets.everyModel'],
  ['database', 'budgets.database', 'budgets.every'],
  ['application', 'budgets.application', 'budgets.every'],
  ['tag', 'budgets.tag', 'budgets.every'],
] as const;

function BudgetForm({ change }: { change(path: string, body: unknown): Promise<boolean> }) {
  const set = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = Object.fromEntries(new FormData(form));
    const numberOf = (name: string) => (fields[name] ? Number(fields[name]) : null);
    const limits = { calls: numberOf('calls'), money: numberOf('money'), soft: fields.soft === 'on' };
    if (await change('/api/budgets/set', { ...fields, ...limits })) form.reset();
  };
  return (
    <details class="deploy">
      <summary>{t('budgets.set')}</summary>
      <form onSubmit={set}>
        {subjectFields.map(([name, label, empty]) => (
          <label key={name} class="field">
            <span>{t(label)}</span>
            <input name={name} placeholder={t(empty)} autocapitalize="none" spellcheck={false} />
          </label>
        ))}
        <label class="field">
          <span>{t('budgets.period')}</span>
          <select name="period">
            {periods.map((period) => (
              <option key={period} value={period} selected={period === 'day'}>
                {t(`budgets.period.${period}`)}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>{t('budgets.calls')}</span>
          <input name="calls" type="number" min="0" step="1" inputMode="numeric" />
        </label>
        <label class="field">
          <span>{t('budgets.money')}</span>
          <input name="money" type="number" min="0" step="0.01" inputMode="decimal" />
        </label>
        <label class="tick">
          <input name="soft" type="checkbox" />
          <span>{t('budgets.softHint')}</span>
        </label>
        <button type="submit" class="primary">
          {t('budgets.setNow')}
        </button>
      </form>
    </details>
  );
}
