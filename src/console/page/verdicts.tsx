/** Verdicts on an output: one's own to give and take back with a remark, and what others think. */
import { useState } from 'preact/hooks';
import type { JobCard, Problem, Verdict } from '../server/answers.js';
import { post, problemOf, whoAmI } from './ask.js';
import { t } from './language.js';
import { ProblemNote } from './notes.js';

const verdicts = [
  ['picked', 'verdict.pick'],
  ['rejected', 'verdict.reject'],
] as const;
const signs = { picked: '✓', rejected: '✕' };

export function giveVerdict(
  job: Pick<JobCard, 'id'>,
  output: number,
  verdict: Verdict['verdict'] | null,
  remark: string | null = null,
): Promise<unknown> {
  return post('/api/review', { job: job.id, output, verdict, remark });
}

export function VerdictMark({ verdicts: given }: { verdicts: Verdict[] }) {
  const latest = given.at(-1)?.verdict;
  if (!latest) return null;
  return (
    <span class={`verdict ${latest}`} title={t(`verdict.${latest}`)}>
      <span aria-hidden="true">{signs[latest]}</span>
      <span class="unseen">{t(`verdict.${latest}`)}</span>
    </span>
  );
}

export function Verdicts({ job, output, changed }: { job: JobCard; output: number; changed(): void }) {
  const here = job.verdicts.filter((one) => one.output === output);
  const own = here.find(({ role }) => role === whoAmI.value?.role);
  const [problem, setProblem] = useState<Problem>();
  const give = async (verdict: Verdict['verdict'] | null, remark: string | null) => {
    setProblem(undefined);
    await giveVerdict(job, output, verdict, remark).then(changed, (error) => setProblem(problemOf(error)));
  };
  return (
    <div class="verdicts">
      {verdicts.map(([verdict, deed]) => (
        <button
          key={verdict}
          type="button"
          class={`small ${verdict}`}
          aria-pressed={own?.verdict === verdict}
          onClick={() => give(own?.verdict === verdict ? null : verdict, own?.remark ?? null)}
        >
          {signs[verdict]} {t(deed)}
        </button>
      ))}
      {own && (
        <input
          key={own.verdict}
          class="remark"
          value={own.remark ?? ''}
          placeholder={t('verdict.remark')}
          aria-label={t('verdict.remark')}
          onChange={(event) => give(own.verdict, event.currentTarget.value.trim() || null)}
        />
      )}
      {here
        .filter((one) => one !== own)
        .map((one) => (
          <p key={one.role} class="soft small">
            {signs[one.verdict]} {one.role}
            {one.remark && `: ${one.remark}`}
          </p>
        ))}
      <ProblemNote problem={problem} />
    </div>
  );
}
