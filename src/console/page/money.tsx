/** *Money*: what was spent, by day and model or role, as a plot and a table; budgets and what is left of them. */
import { useState } from 'preact/hooks';
import type { DayOfUse, Money } from '../server/answers.js';
import { get } from './ask.js';
import { Budgets } from './budgets.js';
import { money, number, shortDay, t } from './language.js';
import { useLoaded } from './loading.js';
import { Empty, PageTitle, ProblemNote } from './notes.js';
import { type Series, StackedBars } from './stacked-bars.js';

const ranges = [7, 30, 90] as const;
type Split = 'model' | 'role';
/** More would not be told apart. */
const mostSeries = 6;

export function MoneyPage() {
  const [days, setDays] = useState<number>(30);
  const [split, setSplit] = useState<Split>('model');
  const loaded = useLoaded(String(days), (signal) =>
    get<Money>('/api/money', { days: String(days) }, signal),
  );
  const { content, problem } = loaded;
  return (
    <>
      <PageTitle title={t('money')}>
        <Choice
          label={t('money.range')}
          options={ranges.map((range) => [String(range), t('money.days', { count: range })])}
          chosen={String(days)}
          choose={(value) => setDays(Number(value))}
        />
      </PageTitle>
      <ProblemNote problem={problem} />
      {content && <Totals content={content} />}
      {content && content.days.length === 0 && (
        <Empty title={t('money.nothing')}>{t('money.nothingHint')}</Empty>
      )}
      {content && content.days.length > 0 && (
        <section class="panel">
          <div class="part-head">
            <h2>{t('money.perDay')}</h2>
            <Choice
              label={t('money.split')}
              options={[
                ['model', t('money.byModel')],
                ['role', t('money.byRole')],
              ]}
              chosen={split}
              choose={(value) => setSplit(value as Split)}
            />
          </div>
          <StackedBars
            days={daysUntil(content.today, days)}
            series={seriesOf(content.days, split)}
            format={(value) => money(value, currencyOf(content.days))}
            label={t('money.perDay')}
          />
        </section>
      )}
      {content && <Budgets budgets={content.budgets} changed={loaded.reload} />}
      {content && content.days.length > 0 && <Table rows={content.days} />}
    </>
  );
}

function Choice({
  label,
  options,
  chosen,
  choose,
}: {
  label: string;
  options: [value: string, text: string][];
  chosen: string;
  choose(value: string): void;
}) {
  return (
    <fieldset class="choice">
      <legend class="unseen">{label}</legend>
      {options.map(([value, text]) => (
        <button key={value} type="button" aria-pressed={value === chosen} onClick={() => choose(value)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}

function currencyOf(rows: DayOfUse[]): string {
  return rows[0]?.currency ?? 'CNY';
}

function Totals({ content }: { content: Money }) {
  const today = content.days.filter(({ day }) => day === content.today);
  const sum = (rows: DayOfUse[], of: (row: DayOfUse) => number) =>
    rows.reduce((total, row) => total + of(row), 0);
  const currency = currencyOf(content.days);
  const figures: [label: string, value: string][] = [
    [
      t('money.today'),
      money(
        sum(today, (row) => row.price),
        currency,
      ),
    ],
    [
      t('money.period'),
      money(
        sum(content.days, (row) => row.price),
        currency,
      ),
    ],
    [t('money.calls'), number(sum(content.days, (row) => row.calls))],
    [t('money.pictures'), number(sum(content.days, (row) => row.pictures))],
    [t('money.seconds'), number(sum(content.days, (row) => row.seconds))],
  ];
  return (
    <dl class="totals">
      {figures.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The names that cost most, each with its sum a day; the rest together. */
function seriesOf(rows: DayOfUse[], split: Split): Series[] {
  const byName = new Map<string, Map<string, number>>();
  for (const row of rows) {
    const perDay = byName.get(row[split]) ?? new Map<string, number>();
    perDay.set(row.day, (perDay.get(row.day) ?? 0) + row.price);
    byName.set(row[split], perDay);
  }
  const total = (perDay: Map<string, number>) => [...perDay.values()].reduce((sum, value) => sum + value, 0);
  const sorted = [...byName]
    .sort(([, a], [, b]) => total(b) - total(a))
    .filter(([, perDay]) => total(perDay) > 0);
  const first = sorted.slice(0, mostSeries - 1).map(([name, values]) => ({ name, values }));
  const rest = sorted.slice(mostSeries - 1);
  if (rest.length <= 1) return sorted.map(([name, values]) => ({ name, values }));
  const together = new Map<string, number>();
  for (const [, perDay] of rest) {
    for (const [day, value] of perDay) together.set(day, (together.get(day) ?? 0) + value);
  }
  return [...first, { name: t('money.others'), values: together }];
}

function daysUntil(today: string, count: number): string[] {
  const last = Date.parse(`${today}T00:00:00Z`);
  return Array.from({ length: count }, (_, index) =>
    new Date(last - (count - 1 - index) * 86_400_000).toISOString().slice(0, 10),
  );
}

const shownAtFirst = 50;

function Table({ rows }: { rows: DayOfUse[] }) {
  const [all, setAll] = useState(false);
  const newest = [...rows].reverse();
  return (
    <section>
      <h2>{t('money.table')}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <section class="scroll" tabIndex={0} aria-label={t('money.table')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('filter.day')}</th>
              <th scope="col">{t('role')}</th>
              <th scope="col">{t('model')}</th>
              {(['calls', 'pictures', 'seconds', 'tokens'] as const).map((name) => (
                <th key={name} scope="col" class="figure">
                  {t(`money.${name}`)}
                </th>
              ))}
              <th scope="col" class="figure">
                {t('price')}
              </th>
            </tr>
          </thead>
          <tbody>
            {(all ? newest : newest.slice(0, shownAtFirst)).map((row) => (
              <tr key={`${row.day} ${row.role} ${row.model}`}>
                <td>{shortDay(row.day)}</td>
                <td>{row.role}</td>
                <td>{row.model}</td>
                {[row.calls, row.pictures, row.seconds, row.tokens].map((value, index) => (
                  <td key={String(index)} class="figure">
                    {value === 0 ? '–' : number(value)}
                  </td>
                ))}
                <td class="figure">{money(row.price, row.currency)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {!all && rows.length > shownAtFirst && (
        <p class="more">
          <button type="button" onClick={() => setAll(true)}>
            {t('money.all', { count: rows.length })}
          </button>
        </p>
      )}
    </section>
  );
}
