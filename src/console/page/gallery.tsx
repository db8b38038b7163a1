/** *Gallery*: everything that was made, newest first. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FilterChoices, GalleryPage, JobCard } from '../server/answers.js';
import { get, problemOf, whoAmI } from './ask.js';
import { JobCards } from './cards.js';
import { shown } from './chosen.js';
import { day, t } from './language.js';
import { neverMs, useLoaded, usePolled } from './loading.js';
import { Empty, PageTitle, ProblemNote } from './notes.js';
import { place, refine } from './place.js';
import { SelectionBar } from './selection.js';

const filters = ['kind', 'model', 'role', 'state', 'verdict', 'day', 'text'] as const;
type Filters = Partial<Record<(typeof filters)[number], string>>;

const typingPauseMs = 300;
/** What is made meanwhile comes in by itself. */
const pollMs = 3_000;

export function Gallery() {
  const chosen = chosenFilters();
  // Read again: typed text arrives a moment later, and another filter may have been chosen by then.
  const change = (news: Filters) => refine({ ...chosenFilters(), ...news });
  return (
    <>
      <PageTitle title={t('gallery')} />
      <FilterBar chosen={chosen} change={change} />
      <Pages key={JSON.stringify(chosen)} chosen={chosen} />
    </>
  );
}

function chosenFilters(): Filters {
  const given = place.value.parameters;
  return Object.fromEntries(filters.map((name) => [name, given.get(name) ?? '']));
}

function FilterBar({ chosen, change }: { chosen: Filters; change(news: Filters): void }) {
  const { content: choices } = useLoaded('choices', (signal) =>
    get<FilterChoices>('/api/choices', {}, signal),
  );
  const pick = (name: keyof Filters) => (event: Event) =>
    change({ [name]: (event.currentTarget as HTMLInputElement | HTMLSelectElement).value });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const type = (event: Event) => {
    const { value } = event.currentTarget as HTMLInputElement;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => change({ text: value.trim() }), typingPauseMs);
  };
  const select = (name: SelectName, options: Option[]) => (
    <Select name={name} value={chosen[name]} options={options} onChange={pick(name)} />
  );
  return (
    <search class="filters">
      <label class="field grow">
        <span>{t('filter.text')}</span>
        <input
          type="search"
          name="text"
          value={chosen.text}
          placeholder={t('filter.textHint')}
          onInput={type}
        />
      </label>
      {select('kind', kinds())}
      {select('model', same(choices?.models))}
      {whoAmI.value?.seesOthers && select('role', same(choices?.roles))}
      {select('state', states())}
      {select('verdict', verdicts())}
      <label class="field">
        <span>{t('filter.day')}</span>
        <input type="date" name="day" value={chosen.day} onChange={pick('day')} />
      </label>
      {Object.values(chosen).some(Boolean) && (
        <button type="button" class="quiet" onClick={clearFilters}>
          {t('filter.clear')}
        </button>
      )}
    </search>
  );
}

type SelectName = 'kind' | 'model' | 'role' | 'state' | 'verdict';
type Option = [value: string, label: string];

function Select({
  name,
  value,
  options,
  onChange,
}: {
  name: SelectName;
  value: string | undefined;
  options: Option[];
  onChange(event: Event): void;
}) {
  return (
    <label class="field">
      <span>{t(`filter.${name}`)}</span>
      <select name={name} value={value} onChange={onChange}>
        <option value="">{t(name === 'state' ? 'state.succeeded' : 'filter.all')}</option>
        {options.map(([of, label]) => (
          <option key={of} value={of}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

const kinds = (): Option[] => [
  ['pictures', t('kind.pictures')],
  ['videos', t('kind.videos')],
  ['texts', t('kind.texts')],
];

const states = (): Option[] => [
  ['failed', t('state.failed')],
  ['cancelled', t('state.cancelled')],
  ['unanswered', t('state.unanswered')],
  ['running', t('state.running')],
  ['all', t('filter.all')],
];

const verdicts = (): Option[] => [
  ['picked', t('verdict.picked')],
  ['rejected', t('verdict.rejected')],
];

const same = (values: string[] = []): Option[] => values.map((value) => [value, value]);

/** The visitor's own day as two instants. */
function boundsOf(date: string | undefined): { from?: string; until?: string } {
  if (!date) return {};
  const [year = 0, month = 1, dayOfMonth = 1] = date.split('-').map(Number);
  return {
    from: new Date(year, month - 1, dayOfMonth).toISOString(),
    until: new Date(year, month - 1, dayOfMonth + 1).toISOString(),
  };
}

function Pages({ chosen }: { chosen: Filters }) {
  const { day: date, ...others } = chosen;
  const ask = (before?: string, signal?: AbortSignal) =>
    get<GalleryPage>('/api/gallery', { ...others, ...boundsOf(date), before }, signal);
  const [older, setOlder] = useState<GalleryPage[]>([]);
  // Further down than the first page nobody waits for what is new; and a search may take a while.
  const isLive = older.length === 0 && !chosen.text;
  const first = usePolled('first', isLive ? pollMs : neverMs, (signal) => ask(undefined, signal));
  const [problem, setProblem] = useState(first.problem);
  const [asking, setAsking] = useState(false);
  const pages = first.content ? [first.content, ...older] : [];
  const next = pages.at(-1)?.next ?? null;

  const more = async () => {
    if (asking || next === null) return;
    setAsking(true);
    await ask(next).then(
      (page) => setOlder((old) => [...old, page]),
      (error) => setProblem(problemOf(error)),
    );
    setAsking(false);
  };
  const again = () => {
    setOlder([]);
    first.reload();
  };
  const end = useSeen(more);

  if (!first.content) return <ProblemNote problem={first.problem} />;
  const jobs = pages.flatMap((page) => page.jobs);
  if (jobs.length === 0) {
    if (Object.values(chosen).some(Boolean)) return <NoMatch />;
    return <Empty title={t('gallery.empty')}>{t('gallery.emptyHint')}</Empty>;
  }
  shown.value = jobs.map(({ id }) => id);
  return (
    <>
      <SelectionBar changed={again} />
      {byDay(jobs).map(([name, those]) => (
        <section key={name} aria-label={name}>
          <h2 class="day">{name}</h2>
          <JobCards jobs={those} choosing />
        </section>
      ))}
      <ProblemNote problem={problem} />
      {next !== null && (
        <p class="more" ref={end}>
          <button type="button" onClick={more} disabled={asking}>
            {t('gallery.more')}
          </button>
        </p>
      )}
    </>
  );
}

/** What is asked for is not there, which is another thing than that nothing is. */
function NoMatch() {
  return (
    <Empty title={t('gallery.noMatch')}>
      <p>{t('gallery.noMatchHint')}</p>
      <button type="button" onClick={clearFilters}>
        {t('gallery.clearFilters')}
      </button>
    </Empty>
  );
}

function clearFilters(): void {
  refine(Object.fromEntries(filters.map((name) => [name, ''])));
}

function byDay(jobs: JobCard[]): [string, JobCard[]][] {
  const groups = new Map<string, JobCard[]>();
  for (const job of jobs) {
    const name = day(job.submittedAt);
    groups.set(name, [...(groups.get(name) ?? []), job]);
  }
  return [...groups];
}

/** Calls `seen` each time the element comes near the window. */
function useSeen(seen: () => void) {
  const element = useRef<HTMLParagraphElement>(null);
  const latest = useRef(seen);
  latest.current = seen;
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && latest.current(),
      { rootMargin: '400px' },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  });
  return element;
}
