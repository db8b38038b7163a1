/** *Money*: what was spent, by day and model or role, as a plot and a table; budgets and what is left of them. */
import { useState } from 'preact/hooks';
import type { DayOfUse, Money } from '../server/answers.js';
import { get } from './ask.js';
import { Budgets } from './budgets.js';
import { saveTable } from './download.js';
import { money, moneys, number, shortDay, shortMonth, t } from './language.js';
import { useLoaded } from './loading.js';
import { Empty, PageTitle, ProblemNote } from './notes.js';
import { type Series, StackedBars } from './stacked-bars.js';

const ranges = [7, 30, 90] as const;
/** Days of a year, shown by month. */
const year = 366;
type Split = 'model' | 'role';
/** More would not be told apart. */
const mostSeries = 6;

export function MoneyPage() {
  const [days, setDays] = useState<number>(30);
  const loaded = useLoaded(String(days), (signal) =>
    get<Money>('/api/money', { days: String(days) }, signal),
  );
  const { content, problem } = loaded;
  return (
    <>
      <PageTitle title={t('money')}>
        <Choice
          label={t('money.range')}
          options={[
            ...ranges.map((range): [string, string] => [String(range), t('money.days', { count: range })]),
            [String(year), t('money.year')],
          ]}
          chosen={String(days)}
          choose={(value) => setDays(Number(value))}
        />
      </PageTitle>
      <ProblemNote problem={problem} />
      {content && <Totals content={content} />}
      {content && content.days.length === 0 && (
        <Empty title={t('money.nothing')}>{t('money.nothingHint')}</Empty>
      )}
      {content && content.days.length > 0 && <Plot content={content} days={days} />}
      {content && <Budgets budgets={content.budgets} changed={loaded.reload} />}
      {content && content.days.length > 0 && <Table rows={content.days} />}
    </>
  );
}

/** What the days or months have cost, by model or role, in one currency. */
function Plot({ content, days }: { content: Money; days: number }) {
  const [split, setSplit] = useState<Split>('model');
  const currencies = currenciesOf(content.days);
  const [wanted, setWanted] = useState('');
  const currency = currencies.includes(wanted) ? wanted : (currencies[0] ?? 'CNY');
  const byMonth = days === year;
  const rows = content.days.filter((row) => row.currency === currency);
  return (
    <section class="panel">
      <div class="part-head">
        <h2>{t(byMonth ? 'money.perMonth' : 'money.perDay')}</h2>
        {currencies.length > 1 && (
          <Choice
            label={t('money.currency')}
            options={currencies.map((each): [string, string] => [each, each])}
            chosen={currency}
            choose={setWanted}
          />
        )}
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
        days={byMonth ? monthsUntil(content.today) : daysUntil(content.today, days)}
        series={seriesOf(byMonth ? rows.map(inMonth) : rows, split)}
        format={(value) => money(value, currency)}
        nameOf={byMonth ? shortMonth : shortDay}
        label={t(byMonth ? 'money.perMonth' : 'money.perDay')}
      />
    </section>
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

/** The one in which most was spent first: sums of several say nothing, so that a plot is of one. */
function currenciesOf(rows: DayOfUse[]): string[] {
  const sums = new Map<string, number>();
  for (const { currency, price } of rows) sums.set(currency, (sums.get(currency) ?? 0) + price);
  const sorted = [...sums].sort(([, a], [, b]) => b - a);
  return sorted.filter(([, sum], index) => index === 0 || sum > 0).map(([currency]) => currency);
}

function Totals({ content }: { content: Money }) {
  const today = content.days.filter(({ day }) => day === content.today);
  const sum = (rows: DayOfUse[], of: (row: DayOfUse) => number) =>
    rows.reduce((total, row) => total + of(row), 0);
  const [usual] = currenciesOf(content.days);
  const figures: [label: string, value: string][] = [
    [t('money.today'), moneys(today, usual)],
    [t('money.period'), moneys(content.days, usual)],
    ...monthFigures(content).map(([label, rows]): [string, string] => [t(label), moneys(rows, usual)]),
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

/** What this month has cost, and what it will cost if its other days are as those of the last week. */
function monthFigures({
  days,
  today,
}: Money): [label: 'money.month' | 'money.forecast', rows: Pick<DayOfUse, 'price' | 'currency'>[]][] {
  const spent = days.filter(({ day }) => day.slice(0, 7) === today.slice(0, 7));
  const week = new Set(daysUntil(today, 8).slice(0, 7));
  const [year = 0, month = 1, date = 1] = today.split('-').map(Number);
  const left = new Date(Date.UTC(year, month, 0)).getUTCDate() - date;
  const toCome = days
    .filter(({ day }) => week.has(day))
    .map(({ price, currency }) => ({ currency, price: (price / week.size) * left }));
  return [
    ['money.month', spent],
    ['money.forecast', [...spent, ...toCome]],
  ];
}

const monthsShown = 12;

/** Each as its first day, which is what the plot is given. */
function monthsUntil(today: string): string[] {
  const [year = 0, month = 1] = today.split('-').map(Number);
  return Array.from({ length: monthsShown }, (_, index) =>
    new Date(Date.UTC(year, month - monthsShown + index, 1)).toISOString().slice(0, 10),
  );
}

function inMonth(row: DayOfUse): DayOfUse {
  return { ...row, day: `${row.day.slice(0, 7)}-01` };
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

const columns = [
  'day',
  'role',
  'model',
  'calls',
  'pictures',
  'seconds',
  'tokens',
  'price',
  'currency',
] as const;

/** As RFC 4180 has it; what a spreadsheet would take for a formula is text. */
function csvOf(rows: DayOfUse[]): string {
  const cell = (value: string | number) => {
    const text = typeof value === 'string' && /^[=+\-@\t]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = rows.map((row) => columns.map((name) => cell(row[name])).join(','));
  return [columns.join(','), ...lines, ''].join('\r\n');
}

const shownAtFirst = 50;

function Table({ rows }: { rows: DayOfUse[] }) {
  const [all, setAll] = useState(false);
  const newest = [...rows].reverse();
  return (
    <section>
      <div class="part-head">
        <h2>{t('money.table')}</h2>
        <button type="button" class="small" onClick={() => saveTable('hologen-money.csv', csvOf(newest))}>
          {t('money.csv')}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <section class="scroll" tabIndex={0} aria-label={t('money.table')}>
        <table class="stacks">
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
              <tr key={`${row.day} ${row.role} ${row.model} ${row.currency}`}>
                <td data-label={t('filter.day')}>{shortDay(row.day)}</td>
                <td data-label={t('role')}>{row.role}</td>
                <td data-label={t('model')}>{row.model}</td>
                {(['calls', 'pictures', 'seconds', 'tokens'] as const).map((name) => (
                  <td key={name} class="figure" data-label={t(`money.${name}`)}>
                    {row[name] === 0 ? '–' : number(row[name])}
                  </td>
                ))}
                <td class="figure" data-label={t('price')}>
                  {money(row.price, row.currency)}
                </td>
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
