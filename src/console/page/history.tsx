/** Statements that called, newest first: what became of them, what they cost, and back into the editor. */
import type { PastStatement } from '../server/answers.js';
import { get } from './ask.js';
import { dateAndTime, money, t } from './language.js';
import { useLoaded } from './loading.js';
import { ProblemNote } from './notes.js';
import { openInTry } from './statement.js';

/** `turn`: read again when it changes. */
export function History({ turn }: { turn: string }) {
  const { content, problem } = useLoaded(turn, (signal) => get<PastStatement[]>('/api/history', {}, signal));
  if (problem) return <ProblemNote problem={problem} />;
  if (!content || content.length === 0) return null;
  return (
    <details class="panel history">
      <summary>{t('try.history')}</summary>
      <ul>
        {content.map((past) => (
          <li key={`${past.at} ${past.statement}`}>
            <button type="button" class="quiet" onClick={() => openInTry(past.statement)}>
              <code>{past.statement}</code>
            </button>
            <span class="soft small meta">
              <span>{dateAndTime(past.at)}</span>
              <span>{t('units.calls', { count: past.calls })}</span>
              {past.failed > 0 && (
                <span class="state failed">{t('try.failedCalls', { count: past.failed })}</span>
              )}
              {past.open > 0 && <span class="state">{t('state.running')}</span>}
              {past.price !== null && <span>{money(past.price, past.currency)}</span>}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
