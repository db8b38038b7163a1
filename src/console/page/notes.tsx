/** Small things every page uses: problems, empty places, buttons that copy. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { HoldUp, JobState, Problem } from '../server/answers.js';
import { dateAndTime, kindOfError, sentence, t } from './language.js';

export function ProblemNote({ problem }: { problem: Problem | null | undefined }) {
  if (!problem) return null;
  const kind = problem.sqlstate && kindOfError(problem.sqlstate);
  return (
    <div class="note bad" role="alert">
      {kind && (
        <p>
          <strong>{kind}</strong>
        </p>
      )}
      <p>
        <Said text={problem.message} />
        {problem.sqlstate && <code class="sqlstate">{problem.sqlstate}</code>}
      </p>
      {problem.detail && (
        <p class="soft">
          <Said text={problem.detail} />
        </p>
      )}
      {problem.hint && (
        <p>
          <Said text={problem.hint} />
        </p>
      )}
    </div>
  );
}

/** Read aloud in the language that it is in. */
function Said({ text }: { text: string }) {
  const told = sentence(text);
  return <span lang={told === text ? 'en' : undefined}>{told}</span>;
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_600);
  };
  return (
    <button type="button" class="quiet small" onClick={copy}>
      <span aria-live="polite">{copied ? t('copied') : label}</span>
    </button>
  );
}

export function StateMark({ state }: { state: JobState }) {
  return <span class={`state ${state}`}>{t(`state.${state}`)}</span>;
}

export function PageTitle({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="page-title">
      <h1 tabIndex={-1}>{title}</h1>
      {children}
    </div>
  );
}

/** What keeps a call from going on, for those whose money it is. */
export function HoldUpNote({ holdUp }: { holdUp: HoldUp | null }) {
  if (!holdUp) return null;
  return (
    <p class="note">
      {t('heldUp', { since: dateAndTime(holdUp.since) })} <Said text={holdUp.why} />
    </p>
  );
}
