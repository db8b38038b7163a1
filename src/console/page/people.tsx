/** *People*: who may log in, with what degree, what they spent, what is left to them, and an address to give them. */
import { useState } from 'preact/hooks';
import type { People, Person, Problem } from '../server/answers.js';
import { get, post, problemOf } from './ask.js';
import { BudgetLeft } from './budgets.js';
import { money, number, t } from './language.js';
import { useLoaded } from './loading.js';
import { PageTitle, ProblemNote } from './notes.js';

export function PeoplePage() {
  const loaded = useLoaded('people', (signal) => get<People>('/api/people', {}, signal));
  const [problem, setProblem] = useState<Problem>();
  const { content } = loaded;
  const change = async (role: string, degree: string) => {
    setProblem(undefined);
    await post('/api/people/degree', { role, degree }).catch((error) => setProblem(problemOf(error)));
    loaded.reload();
  };
  return (
    <>
      <PageTitle title={t('people')} />
      <p class="soft">{t('people.hint')}</p>
      <ProblemNote problem={problem ?? loaded.problem} />
      <ul class="budgets">
        {content?.people.map((person) => (
          <li key={person.role} class="panel">
            <PersonCard person={person} address={content.address} change={change} />
          </li>
        ))}
      </ul>
      <details class="deploy">
        <summary>{t('people.add')}</summary>
        <p class="soft">{t('people.addHint')}</p>
        <pre>{`CREATE ROLE amy LOGIN PASSWORD '…';
GRANT hologen_maker TO amy;
CALL set_budget('amy', period => 'month', money => 100);`}</pre>
      </details>
    </>
  );
}

interface CardProps {
  person: Person;
  address: string;
  change(role: string, degree: string): Promise<void>;
}

function PersonCard({ person, address, change }: CardProps) {
  return (
    <>
      <div class="part-head">
        <h2>{person.role}</h2>
        <Degree person={person} change={change} />
      </div>
      <dl class="facts">
        {person.spent.map(({ currency, callsToday, today, callsThisMonth, thisMonth }) => (
          <div key={currency}>
            <dt>{t('people.spent')}</dt>
            <dd>
              {t('people.spentToday', { money: money(today, currency), calls: number(callsToday) })}
              <br />
              {t('people.spentMonth', { money: money(thisMonth, currency), calls: number(callsThisMonth) })}
            </dd>
          </div>
        ))}
      </dl>
      {person.budgets.map((budget, index) => (
        <BudgetLeft key={String(index)} budget={budget} />
      ))}
      <p class="addresses">
        <Copy
          text={`${location.origin}/#/gallery?as=${encodeURIComponent(person.role)}`}
          label={t('people.copyConsole')}
        />
        <Copy
          text={`postgresql://${encodeURIComponent(person.role)}@${address}`}
          label={t('people.copyClient')}
        />
      </p>
    </>
  );
}

function Degree({ person: { role, degree }, change }: Omit<CardProps, 'address'>) {
  if (degree === 'owner' || degree === 'admin') return <span class="tag">{t(`degree.${degree}`)}</span>;
  return (
    <select
      aria-label={t('people.degree', { role })}
      value={degree ?? 'none'}
      onChange={(event) => change(role, event.currentTarget.value)}
    >
      {(['maker', 'viewer', 'none'] as const).map((each) => (
        <option key={each} value={each}>
          {t(`degree.${each}`)}
        </option>
      ))}
    </select>
  );
}

function Copy({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <button type="button" class="quiet small" title={text} onClick={copy}>
      {copied ? t('people.copied') : label}
    </button>
  );
}
