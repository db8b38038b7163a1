/** The page of one job: what was asked, what came out, when, for how much, and how to have it again. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { JobDetails, Neighbours, Problem } from '../server/answers.js';
import { indented, sqlAgain } from './again.js';
import { get, post, problemOf, whoAmI } from './ask.js';
import { shown } from './chosen.js';
import { GoOn, JobMedia } from './job-media.js';
import { labelText } from './label.js';
import { dateAndTime, duration, known, money, number, t } from './language.js';
import { neverMs, useLoaded, usePolled } from './loading.js';
import { WholeMedium } from './media.js';
import { CopyButton, HoldUpNote, PageTitle, ProblemNote, StateMark } from './notes.js';

const unfinished = ['submitted', 'running', 'saving'];
const pollMs = 2_000;

export function JobPage({ id }: { id: string }) {
  const first = useLoaded(id, (signal) => get<JobDetails>('/api/job', { id }, signal));
  const going = unfinished.includes(first.content?.state ?? '');
  const { content: latest } = usePolled(`${id} ${going}`, going ? pollMs : neverMs, (signal) =>
    going ? get<JobDetails>('/api/job', { id }, signal) : Promise.resolve(undefined),
  );
  const job = latest ?? first.content;
  return (
    <>
      <Neighbouring id={id} />
      <PageTitle title={scenarioName(job?.scenario)}>{job && <StateMark state={job.state} />}</PageTitle>
      <ProblemNote problem={first.problem} />
      {job && <Details job={job} changed={first.reload} />}
    </>
  );
}

/** Newer and older ones, along the gallery where one comes from it; by the keys ← and →, too. */
function Neighbouring({ id }: { id: string }) {
  const at = shown.value.indexOf(id);
  const { content } = useLoaded(`${id} ${at}`, (signal) =>
    at >= 0
      ? Promise.resolve({ newer: shown.value[at - 1] ?? null, older: shown.value[at + 1] ?? null })
      : get<Neighbours>('/api/neighbours', { id }, signal),
  );
  const { newer = null, older = null } = content ?? {};
  useEffect(() => {
    const go = (event: KeyboardEvent) => {
      const to = event.key === 'ArrowLeft' ? newer : event.key === 'ArrowRight' ? older : null;
      const busy = (event.target as HTMLElement).closest('input, select, textarea, video, pre');
      if (to && !busy && !event.altKey && !event.ctrlKey && !event.metaKey) location.hash = `#/job/${to}`;
    };
    window.addEventListener('keydown', go);
    return () => window.removeEventListener('keydown', go);
  }, [newer, older]);
  return (
    <nav class="neighbours" aria-label={t('job.neighbours')}>
      <a class="back" href="#/gallery">
        {t('gallery')}
      </a>
      {newer && (
        <a class="back" href={`#/job/${newer}`}>
          ← {t('job.newer')}
        </a>
      )}
      {older && (
        <a class="back" href={`#/job/${older}`}>
          {t('job.older')} →
        </a>
      )}
    </nav>
  );
}

function scenarioName(scenario: string | undefined): string {
  const key = `scenario.${scenario}`;
  return known(key) ? t(key) : (scenario ?? t('job'));
}

function Details({ job, changed }: { job: JobDetails; changed(): void }) {
  return (
    <div class="job">
      <div class="job-media">
        <JobMedia job={job} changed={changed} />
        {job.media.length === 0 && job.result && <p class="said">{job.result}</p>}
        {job.media.length === 0 && (
          <div class="actions">
            <GoOn job={job} />
          </div>
        )}
        {job.error && (
          <ProblemNote
            problem={{
              message: job.error.message ?? '',
              sqlstate: job.error.sqlstate,
              detail: job.error.detail,
            }}
          />
        )}
      </div>
      <div class="job-words">
        <HoldUpNote holdUp={job.heldUp} />
        {mayShare(job) && <Sharing job={job} />}
        <Part title={t('job.prompt')}>
          <p class="prompt-whole">{promptOf(job)}</p>
        </Part>
        <Timing job={job} />
        <Facts job={job} />
        {job.references.length > 0 && (
          <Part title={t('job.references')}>
            <ul class="references">
              {job.references.map((medium) => (
                <li key={medium.address}>
                  <WholeMedium medium={medium} description={medium.ossPath ?? ''} />
                  <code class="path">{medium.ossPath}</code>
                </li>
              ))}
            </ul>
          </Part>
        )}
        <Code title={t('job.sqlAgain')} text={sqlAgain(job)} label={t('job.copySql')} />
        <Code title={t('job.request')} text={indented(job.request)} />
        {job.result && <Code title={t('job.result')} text={indented(job.result)} />}
        {job.statement && <Code title={t('job.statement')} text={job.statement} />}
      </div>
    </div>
  );
}

function mayShare({ role }: JobDetails): boolean {
  const who = whoAmI.value;
  return who?.administers || (who?.calls === true && who.role === role);
}

/** Whether viewers see the job, and the button that changes it. */
function Sharing({ job }: { job: JobDetails }) {
  const [shared, setShared] = useState(job.shared);
  const [problem, setProblem] = useState<Problem>();
  const share = async () => {
    try {
      await post('/api/job/share', { id: job.id, shared: !shared });
      setShared(!shared);
      setProblem(undefined);
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <>
      <p class="sharing">
        {t(shared ? 'job.shared' : 'job.notShared')}{' '}
        <button type="button" class="quiet small" onClick={share}>
          {t(shared ? 'job.unshare' : 'job.share')}
        </button>
      </p>
      <ProblemNote problem={problem} />
    </>
  );
}

/** The whole prompt; the card's is cut. */
function promptOf(job: JobDetails): string {
  try {
    const request: unknown = JSON.parse(job.request);
    if (typeof request === 'object' && request && 'prompt' in request) return String(request.prompt);
  } catch {
    return job.request;
  }
  return job.prompt;
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="part">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Code({ title, text, label }: { title: string; text: string; label?: string }) {
  return (
    <section class="part">
      <div class="part-head">
        <h2>{title}</h2>
        <CopyButton text={text} label={label ?? t('copy')} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <pre tabIndex={0}>{text}</pre>
    </section>
  );
}

const phases = ['waiting', 'generating', 'saving'] as const;

function Timing({ job }: { job: JobDetails }) {
  const end = job.finishedAt ? Date.parse(job.finishedAt) : Date.now();
  const marks = [job.submittedAt, job.startedAt, job.generatedAt].map((iso) => (iso ? Date.parse(iso) : end));
  const [submitted = end, started = end, generated = end] = marks;
  const seconds = [started - submitted, generated - started, end - generated].map((ms) =>
    Math.max(0, ms / 1000),
  );
  const whole = Math.max(0.001, (end - submitted) / 1000);
  return (
    <Part title={t('job.timing')}>
      <dl class="timing">
        {phases.map((phase, index) => {
          const before = seconds.slice(0, index).reduce((sum, value) => sum + value, 0);
          const own = seconds[index] ?? 0;
          return (
            <div key={phase}>
              <dt>{t(`phase.${phase}`)}</dt>
              <dd>
                <span class="lane" aria-hidden="true">
                  <span
                    class={`span ${phase}`}
                    style={{ left: `${(before / whole) * 100}%`, width: `${(own / whole) * 100}%` }}
                  />
                </span>
                <span class="figure">{duration(own)}</span>
              </dd>
            </div>
          );
        })}
      </dl>
    </Part>
  );
}

function Facts({ job }: { job: JobDetails }) {
  const facts: [label: string, value: string | null][] = [
    [t('model'), job.model === job.modelType ? job.model : `${job.model} (${job.modelType})`],
    [t('price'), priceOf(job)],
    [t('job.units'), unitsOf(job)],
    [t('budgets.tag'), job.tag],
    [t('role'), job.role],
    [t('job.database'), job.database],
    [t('job.application'), job.application],
    [t('job.submittedAt'), dateAndTime(job.submittedAt)],
    [t('job.attempts'), job.attempts > 1 ? number(job.attempts) : null],
    [t('job.requestId'), job.providerRequestId],
    [t('job.taskId'), job.taskId],
    [t('job.keyName'), job.keyName],
    [t('job.id'), job.id],
  ];
  return (
    <Part title={t('job.facts')}>
      <dl class="facts">
        {job.label && (
          <div>
            <dt>{t('job.label')}</dt>
            <dd class="label">{labelText(job.label)}</dd>
          </div>
        )}
        {facts.map(
          ([label, value]) =>
            value && (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </Part>
  );
}

function priceOf(job: JobDetails): string | null {
  if (job.price !== null) return money(Number(job.price), job.currency ?? 'CNY');
  if (job.estimatedPrice === null) return null;
  return t('job.estimated', { price: money(Number(job.estimatedPrice), job.currency ?? 'CNY') });
}

function unitsOf({ units }: JobDetails): string | null {
  if (!units) return null;
  const parts = [
    units.pictures && t('units.pictures', { count: units.pictures }),
    units.seconds && t('units.seconds', { count: units.seconds }),
    units.resolution,
    units.inputTokens && t('units.inputTokens', { count: units.inputTokens }),
    units.outputTokens && t('units.outputTokens', { count: units.outputTokens }),
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(' · ') : null;
}
