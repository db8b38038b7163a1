/** *Now*: statements that run, and how full the way to each model is. */
import { useState } from 'preact/hooks';
import type { Drained, GivingWay, Now, Problem, Queue, RunningStatement } from '../server/answers.js';
import { get, post, problemOf, whoAmI } from './ask.js';
import { dateAndTime, duration, moment, number, t } from './language.js';
import { usePolled } from './loading.js';
import { Empty, HoldUpNote, PageTitle, ProblemNote } from './notes.js';

const pollMs = 1_000;

export function NowPage() {
  const { content, problem } = usePolled('now', pollMs, (signal) => get<Now>('/api/now', {}, signal));
  const statements = content?.statements ?? [];
  return (
    <>
      <PageTitle title={t('now')}>
        <p class="soft" aria-live="polite">
          {statements.length > 0 && t('now.statements', { count: statements.length })}
        </p>
      </PageTitle>
      <ProblemNote problem={problem} />
      {content && <Gateway drained={content.drained} />}
      {content && statements.length === 0 && <Empty title={t('now.nothing')}>{t('now.nothingHint')}</Empty>}
      <ul class="running">
        {statements.map((one) => (
          <li key={`${one.engineProcessId} ${one.statementAt}`}>
            <Statement statement={one} />
          </li>
        ))}
      </ul>
      {content && <Queues queues={content.queues} />}
    </>
  );
}

const steps = ['done', 'failed', 'saving', 'running', 'queued'] as const;

function Statement({ statement }: { statement: RunningStatement }) {
  const [problem, setProblem] = useState<Problem>();
  const [asked, setAsked] = useState(false);
  const cancel = async () => {
    setAsked(true);
    try {
      await post('/api/cancel', { engineProcessId: statement.engineProcessId });
    } catch (error) {
      setProblem(problemOf(error));
      setAsked(false);
    }
  };
  const finished = statement.done + statement.failed;
  return (
    <article class="statement">
      <div class="statement-head">
        <p>
          <strong>{t('now.progress', { done: finished, count: statement.calls })}</strong>
          <span class="soft">
            {' '}
            · {duration(statement.elapsedSeconds)}
            {statement.remainingSeconds !== null &&
              ` · ${t('now.left', { time: duration(statement.remainingSeconds) })}`}
          </span>
        </p>
        <button type="button" class="small" onClick={cancel} disabled={asked}>
          {asked ? t('now.cancelling') : t('cancel')}
        </button>
      </div>
      <Steps statement={statement} />
      <HoldUpNote holdUp={statement.heldUp} />
      <GivingWayNote givingWay={statement.givingWay} />
      {statement.statement && <pre class="clipped">{statement.statement}</pre>}
      <p class="soft small meta">
        <span>{`${t('role')}: ${statement.role}`}</span>
        <span>{`${t('job.database')}: ${statement.database}`}</span>
        {statement.application && <span>{statement.application}</span>}
        <span>{statement.models.join(', ')}</span>
      </p>
      <ProblemNote problem={problem} />
    </article>
  );
}

/** That some of its calls wait because they may, and what would end it. */
function GivingWayNote({ givingWay }: { givingWay: GivingWay | null }) {
  if (!givingWay) return null;
  const { calls, until, wantedBy } = givingWay;
  return (
    <p class="note">
      {t('now.givingWay', { count: calls })}
      {until && wantedBy
        ? t('now.givingWayUntil', { until: moment(until), by: moment(wantedBy) })
        : t('now.givingWayLow')}
      {t('now.givingWaySooner', { setting: wantedBy ? 'ai_gen.by' : 'ai_gen.priority' })}
    </p>
  );
}

/** How far its calls are: a bar, and the figure of each step. */
function Steps({ statement }: { statement: RunningStatement }) {
  const finished = statement.done + statement.failed;
  return (
    <>
      <div
        class="progress"
        role="progressbar"
        aria-label={t('now.progressOf', { role: statement.role })}
        aria-valuemin={0}
        aria-valuemax={statement.calls}
        aria-valuenow={finished}
        aria-valuetext={t('now.progress', { done: finished, count: statement.calls })}
      >
        {steps.map((step) => (
          <span key={step} class={step} style={{ flexGrow: statement[step] }} />
        ))}
      </div>
      <ul class="legend">
        {steps
          .filter((step) => statement[step] > 0)
          .map((step) => (
            <li key={step} class={step}>
              {t(`step.${step}`)} {number(statement[step])}
            </li>
          ))}
      </ul>
    </>
  );
}

/** Whether new calls are taken, and for administrators the way to change that. */
function Gateway({ drained }: { drained: Drained | null }) {
  const [problem, setProblem] = useState<Problem>();
  const [asked, setAsked] = useState(false);
  const administers = whoAmI.value?.administers;
  if (!drained && !administers) return null;
  const change = async () => {
    setAsked(true);
    setProblem(undefined);
    await post(drained ? '/api/gateway/undrain' : '/api/gateway/drain', {}).catch((error) =>
      setProblem(problemOf(error)),
    );
    setAsked(false);
  };
  return (
    <div class={drained ? 'note' : undefined}>
      {drained && (
        <p role="status">
          {t('gateway.drained', { role: drained.by, time: dateAndTime(drained.since) })}{' '}
          {t('gateway.left', { statements: drained.waitingStatements, calls: drained.openCalls })}
        </p>
      )}
      {administers && (
        <button type="button" class="small" onClick={change} disabled={asked}>
          {t(drained ? 'gateway.undrain' : 'gateway.drain')}
        </button>
      )}
      <ProblemNote problem={problem} />
    </div>
  );
}

function Queues({ queues }: { queues: Queue[] }) {
  const [problem, setProblem] = useState<Problem>();
  if (queues.length === 0) return null;
  return (
    <section>
      <h2>{t('queues')}</h2>
      <ProblemNote problem={problem} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <section class="scroll queues" tabIndex={0} aria-label={t('queues')}>
        <table class="stacks">
          <thead>
            <tr>
              <th scope="col">{t('model')}</th>
              <th scope="col" class="figure">
                {t('queues.queued')}
              </th>
              <th scope="col">{t('queues.running')}</th>
              <th scope="col">{t('queues.rate')}</th>
              <th scope="col">
                <span class="unseen">{t('queues.change')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {queues.map((queue, index) => (
              <QueueRow
                // A type has a queue for each key and set of limits.
                key={`${queue.modelType} ${index}`}
                queue={queue}
                failed={setProblem}
              />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function QueueRow({ queue, failed }: { queue: Queue; failed(problem: Problem | undefined): void }) {
  return (
    <tr>
      <th scope="row">
        {queue.modelType}
        {queue.key !== null && <span class="soft"> {t('queues.key', { key: queue.key })}</span>}
      </th>
      <td class="figure" data-label={t('queues.queued')}>
        <span>
          {number(queue.queued)}
          {queue.givingWay > 0 && (
            <span class="soft small"> {t('queues.givingWay', { number: number(queue.givingWay) })}</span>
          )}
        </span>
      </td>
      <td data-label={t('queues.running')}>
        <Used used={queue.running} allowed={queue.concurrentTasks} label={t('queues.running')} />
      </td>
      <td data-label={t('queues.rate')}>
        <Rate queue={queue} />
      </td>
      <td>{whoAmI.value?.administers && <PauseButton queue={queue} failed={failed} />}</td>
    </tr>
  );
}

/** At what rate it goes, and what keeps it from going. */
function Rate({
  queue: { submitsPerSecond, pace, pausedSeconds, paused, coolingSeconds },
}: {
  queue: Queue;
}) {
  return (
    <div>
      {submitsPerSecond === null ? (
        <span class="soft">{t('queues.unlimited')}</span>
      ) : (
        <Used
          used={pace ?? submitsPerSecond}
          allowed={submitsPerSecond}
          label={t('queues.rate')}
          unit={t('queues.perSecond')}
        />
      )}
      {pausedSeconds > 0 && (
        <span class="state failed">{t('queues.paused', { time: duration(pausedSeconds) })}</span>
      )}
      {coolingSeconds > 0 && (
        <span class="state failed">{t('queues.cooling', { time: duration(coolingSeconds) })}</span>
      )}
      {paused && (
        <p class="soft small">
          {t('queues.pausedBy', { role: paused.by, time: dateAndTime(paused.since) })}
          {paused.why && `: ${paused.why}`}
        </p>
      )}
    </div>
  );
}

/** The page asks again every second: until then the button says what it was pressed for. */
function PauseButton({ queue, failed }: { queue: Queue; failed(problem: Problem | undefined): void }) {
  const [asked, setAsked] = useState(false);
  const { modelType, paused } = queue;
  const change = async () => {
    setAsked(true);
    failed(undefined);
    await post(paused ? '/api/models/resume' : '/api/models/pause', { model: modelType }).catch((error) =>
      failed(problemOf(error)),
    );
    setAsked(false);
  };
  return (
    <button
      type="button"
      class="small"
      onClick={change}
      disabled={asked}
      aria-label={`${t(paused ? 'queues.resume' : 'queues.pause')} ${modelType}`}
    >
      {t(paused ? 'queues.resume' : 'queues.pause')}
    </button>
  );
}

function Used({
  used,
  allowed,
  label,
  unit = '',
}: {
  used: number;
  allowed: number | null;
  label: string;
  unit?: string;
}) {
  const text = allowed === null ? number(used) : `${number(used)} / ${number(allowed)}`;
  return (
    <span class="used">
      <span class="figure">
        {text}
        {unit}
      </span>
      {allowed !== null && <meter min={0} max={allowed} value={Math.min(used, allowed)} aria-label={label} />}
    </span>
  );
}
