/** What can be done with the jobs that are chosen in the gallery: a ZIP, a comparison, a verdict on all. */
import { useState } from 'preact/hooks';
import type { Problem, Verdict } from '../server/answers.js';
import { problemOf } from './ask.js';
import { chooseNone, chosen } from './chosen.js';
import { saveAsZip } from './download.js';
import { t } from './language.js';
import { ProblemNote } from './notes.js';
import { giveVerdict } from './verdicts.js';

export const mostCompared = 8;

export function SelectionBar({ changed }: { changed(): void }) {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState('');
  const jobs = [...chosen.value.values()];
  if (jobs.length === 0) return null;
  const doing = async (work: () => Promise<void>) => {
    setProblem(undefined);
    await work().catch((error) => setProblem(problemOf(error)));
    setBusy('');
  };
  const zip = () =>
    doing(async () => {
      const gone = await saveAsZip(jobs, (done, count) => setBusy(t('chosen.loading', { done, count })));
      if (gone > 0) setProblem({ message: t('chosen.gone', { count: gone }) });
    });
  const judge = (verdict: Verdict['verdict']) =>
    doing(async () => {
      // One after another: each has a job's outputs, and they are few.
      for (const job of jobs)
        for (const output of job.media.length > 0 ? job.media.keys() : [0])
          await giveVerdict(job, output, verdict);
      changed();
    });
  return (
    <div class="selection" role="toolbar" aria-label={t('chosen', { count: jobs.length })}>
      <strong aria-live="polite">{busy || t('chosen', { count: jobs.length })}</strong>
      <button
        type="button"
        disabled={busy !== '' || jobs.every(({ media }) => media.length === 0)}
        onClick={zip}
      >
        {t('chosen.zip')}
      </button>
      {jobs.length > 1 && jobs.length <= mostCompared && (
        <a class="button" href={`#/compare?ids=${jobs.map(({ id }) => id).join(',')}`}>
          {t('chosen.compare')}
        </a>
      )}
      <button type="button" onClick={() => judge('picked')}>
        ✓ {t('verdict.pick')}
      </button>
      <button type="button" onClick={() => judge('rejected')}>
        ✕ {t('verdict.reject')}
      </button>
      <button type="button" class="quiet" onClick={chooseNone}>
        {t('chosen.none')}
      </button>
      <ProblemNote problem={problem} />
    </div>
  );
}
