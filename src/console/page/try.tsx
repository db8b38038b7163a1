/** *Try*: write a statement, see what it would call and cost, run it, look at what comes out. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { EstimateRow, Problem, Run } from '../server/answers.js';
import { get, post, problemOf, whoAmI } from './ask.js';
import { JobCards } from './cards.js';
import { examples } from './examples.js';
import { ModelForm } from './form.js';
import { History } from './history.js';
import { duration, money, moneys, notice, number, t } from './language.js';
import { PageTitle, ProblemNote } from './notes.js';
import { Rows } from './rows.js';
import { statement, toBeEstimated } from './statement.js';

/** Kept while the visitor looks at other pages. */
const lastRun = signal<Run | undefined>(undefined);

/** Whether the form stands above the editor. */
const withForm = signal(false);

const pollMs = 700;

export function TryPage() {
  const { problem, run, fresh, held, estimate, start } = useTrial();
  useEffect(() => {
    if (!toBeEstimated.value || held) return;
    toBeEstimated.value = false;
    estimate();
  });
  const shortcut = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || held) return;
    event.preventDefault();
    if (fresh) start();
    else estimate();
  };
  return (
    <>
      <PageTitle title={t('try')}>
        <button
          type="button"
          aria-pressed={withForm.value}
          onClick={() => {
            withForm.value = !withForm.value;
          }}
        >
          {t('try.form')}
        </button>
        <Examples />
      </PageTitle>
      {!whoAmI.value?.administers && <p class="note">{t('try.readOnly')}</p>}
      {withForm.value && <ModelForm price={estimate} priced={fresh && priceOf(fresh)} />}
      <Editor onKeyDown={shortcut} />
      <div class="actions">
        <button
          type="button"
          class={fresh ? '' : 'primary'}
          disabled={held || !statement.value.trim()}
          onClick={estimate}
        >
          {t('try.estimate')}
        </button>
        <button type="button" class={fresh ? 'primary' : ''} disabled={held || !fresh} onClick={start}>
          {fresh ? t('try.runFor', { price: priceOf(fresh) }) : t('try.run')}
        </button>
        {run?.state === 'running' && (
          <button type="button" onClick={() => post('/api/run/cancel', { id: run.id })}>
            {t('cancel')}
          </button>
        )}
        <span class="soft small">{t('try.keys')}</span>
      </div>
      <ProblemNote problem={problem} />
      {fresh && <Estimate rows={fresh} />}
      {run && <Outcome run={run} />}
      <History turn={`${run?.id} ${run?.state}`} />
    </>
  );
}

function Examples() {
  return (
    <label class="field inline">
      <span>{t('try.examples')}</span>
      <select
        value={examples.find(({ sql }) => sql === statement.value)?.key ?? ''}
        onChange={(event) => {
          const chosen = examples.find(({ key }) => key === event.currentTarget.value);
          if (chosen) statement.value = chosen.sql;
        }}
      >
        <option value="" disabled hidden>
          –
        </option>
        {examples.map(({ key }) => (
          <option key={key} value={key}>
            {t(key)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Editor({ onKeyDown }: { onKeyDown(event: KeyboardEvent): void }) {
  return (
    <textarea
      class="editor"
      aria-label={t('try.statement')}
      value={statement.value}
      rows={10}
      spellcheck={false}
      autocapitalize="none"
      onInput={(event) => {
        statement.value = event.currentTarget.value;
      }}
      onKeyDown={onKeyDown}
    />
  );
}

/** The statement's estimate, while it is of this statement, and its run; `held`: neither may be asked for now. */
function useTrial() {
  const [estimated, setEstimated] = useState<{ statement: string; rows: EstimateRow[] }>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const run = useRun(setProblem);
  const doing = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    await work().catch((error) => setProblem(problemOf(error)));
    setBusy(false);
  };
  return {
    problem,
    run,
    fresh: estimated?.statement === statement.value ? estimated.rows : undefined,
    held: busy || run?.state === 'running',
    estimate: () =>
      doing(async () => {
        const text = statement.value;
        setEstimated({
          statement: text,
          rows: await post<EstimateRow[]>('/api/estimate', { statement: text }),
        });
      }),
    start: () =>
      doing(async () => {
        lastRun.value = await post<Run>('/api/run', { statement: statement.value });
      }),
  };
}

/** The last run, asked for again and again until it is over. */
function useRun(fail: (problem: Problem) => void): Run | undefined {
  const run = lastRun.value;
  useEffect(() => {
    if (run?.state !== 'running') return;
    const timer = setTimeout(async () => {
      try {
        lastRun.value = await get<Run>('/api/run', { id: run.id });
      } catch (error) {
        lastRun.value = undefined;
        fail(problemOf(error));
      }
    }, pollMs);
    return () => clearTimeout(timer);
  }, [run]);
  return run;
}

function priceOf(rows: EstimateRow[]): string {
  const calls = t('units.calls', { count: rows.reduce((sum, row) => sum + row.calls, 0) });
  if (rows.some((row) => row.price === null)) return calls;
  return t('try.callsAndPrice', { calls, price: moneys(rows) });
}

function Estimate({ rows }: { rows: EstimateRow[] }) {
  if (rows.length === 0) return <p class="note">{t('try.noCalls')}</p>;
  return (
    <section class="panel" aria-live="polite">
      <h2>{t('try.estimated')}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <section class="scroll" tabIndex={0} aria-label={t('try.estimated')}>
        <table class="stacks">
          <thead>
            <tr>
              <th scope="col">{t('model')}</th>
              <th scope="col" class="figure">
                {t('money.calls')}
              </th>
              <th scope="col" class="figure">
                {t('money.pictures')}
              </th>
              <th scope="col" class="figure">
                {t('money.seconds')}
              </th>
              <th scope="col" class="figure">
                {t('price')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.model}>
                <th scope="row">{row.model}</th>
                <td class="figure" data-label={t('money.calls')}>
                  {number(row.calls)}
                </td>
                <td class="figure" data-label={t('money.pictures')}>
                  {row.pictures ? number(row.pictures) : '–'}
                </td>
                <td class="figure" data-label={t('money.seconds')}>
                  {row.seconds ? number(row.seconds) : '–'}
                </td>
                <td class="figure" data-label={t('price')}>
                  {row.price === null ? t('try.unknownPrice') : money(row.price, row.currency ?? 'CNY')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Outcome({ run }: { run: Run }) {
  return (
    <section class="panel outcome">
      <div class="part-head">
        <h2>{t('try.outcome')}</h2>
        <span class="soft" aria-live="polite">
          {run.state === 'running'
            ? t('try.running')
            : run.state === 'done'
              ? (run.command ?? '')
              : t('state.failed')}
        </span>
        <span class="soft figure">{duration(run.seconds)}</span>
      </div>
      {run.notices.length > 0 && run.state === 'running' && (
        <p class="soft small">{notice(run.notices.at(-1) ?? '')}</p>
      )}
      <ProblemNote problem={run.problem} />
      {run.jobs.length > 0 && <JobCards jobs={run.jobs} />}
      {run.rows.length > 0 && <Rows run={run} />}
    </section>
  );
}
