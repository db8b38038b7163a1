/** A person's verdict on what was made, by whoever may see it. */
import { isHandle } from '../../calls/detached.js';
import { KnownError } from '../../errors.js';
import { oneOf, refuse } from '../../fields.js';
import type { Review } from '../../ledger/reviews.js';
import type { Answers, QuestionTools } from './question.js';
import { refuseLasting, sightOf } from './rights.js';

const verdicts = ['picked', 'rejected'] as const;
const longestRemark = 2_000;
/** No job has more. */
const mostOutputs = 1_000;

export function answerAboutReviews({ reviews, degrees }: QuestionTools): Answers {
  return {
    async review({ job_id: jobId, output, verdict, remark }, caller) {
      refuseLasting(caller, 'a review');
      const review: Review = {
        jobId: String(jobId),
        output: typeof output === 'number' ? output : 0,
        verdict: verdictOf(verdict),
        remark: remarkOf(remark),
      };
      // Whoever asks by hand may write anything.
      const isOne =
        isHandle(review.jobId) && Number.isInteger(review.output) && Math.abs(review.output) <= mostOutputs;
      if (isOne && (await reviews.set(review, caller, sightOf(caller, degrees)))) return;
      throw new KnownError({
        kind: 'undefinedObject',
        message: `there is no output ${review.output} of a job ${review.jobId} that role "${caller.role}" may see`,
        hint: 'Outputs are counted from 0; hologen.jobs has the calls and their outputs.',
      });
    },
  };
}

function verdictOf(verdict: unknown): Review['verdict'] {
  if (verdict === null || verdict === undefined) return undefined;
  return (
    verdicts.find((each) => each === verdict) ??
    refuse(
      'verdict',
      verdict,
      `${oneOf(verdicts)}, or NULL`,
      "CALL hologen.review(job_id, 'picked', 'the light is right').",
    )
  );
}

function remarkOf(remark: unknown): string | undefined {
  if (typeof remark !== 'string' || remark === '') return undefined;
  if (remark.length <= longestRemark) return remark;
  return refuse('remark', `${remark.slice(0, 40)}…`, `a text of at most ${longestRemark} characters`);
}
