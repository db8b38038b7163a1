/** Asking again for what a job has failed to make: once for each failure, and never for what may have been taken. */
import { randomUUID } from 'node:crypto';
import { isHandle } from '../../calls/detached.js';
import { readSessionSettings } from '../../calls/session-settings.js';
import { KnownError } from '../../errors.js';
import type { RetriedJob } from '../../ledger/job.js';
import type { Caller } from '../endpoint.js';
import { type Answers, circumstancesOf, originOf, type QuestionTools, textOrNull } from './question.js';
import { refuseLasting } from './rights.js';

export function answerAboutRetries({ calls, ledger, originalText }: QuestionTools): Answers {
  return {
    /** Answers the handle of the new call, which is the caller's, and counts in the caller's budgets. */
    async retry_job(question, caller) {
      refuseLasting(caller, 'retrying a job');
      const id = String(question.job);
      const { settings: given, ...asked } = circumstancesOf(question, originalText);
      const submit = async ({ model, request, file, tag }: RetriedJob) => {
        // Where it is saved stands in the request, wherever the session would save.
        const settings = { ...given, tag, place: null };
        const transactionId = textOrNull(question.transactionId);
        const call = { model, request, file, settings, ...asked, transactionId };
        return (await calls.submitDetached(call, originOf(caller))).handle;
      };
      const among = caller.admin ? ('all' as const) : ('own' as const);
      const claim = {
        ...{ id, who: caller, among, claimId: randomUUID() },
        dry: readSessionSettings(given).dryRun,
      };
      const job = isHandle(id) ? await ledger.claimRetry(claim) : undefined;
      if (!job) return answerInPlace(id, caller, among, ledger);
      if (claim.dry) return submit(job);
      const handle = await submit(job).catch(async (error: unknown) => {
        await ledger.retried(id, claim.claimId, undefined);
        throw error;
      });
      await ledger.retried(id, claim.claimId, handle);
      return handle;
    },
  };
}

/** Another model was asked within the same statement, or in simpler words: that call is the repetition, and one more would be paid for besides. */
async function answerInPlace(
  id: string,
  caller: Caller,
  among: 'own' | 'all',
  ledger: QuestionTools['ledger'],
): Promise<string> {
  const handle = isHandle(id) ? await ledger.answeredBy(id, caller, among) : undefined;
  if (handle === undefined) throw noSuchFailure(id, caller.role);
  return handle;
}

function noSuchFailure(id: string, role: string): KnownError {
  return new KnownError({
    kind: 'undefinedObject',
    message: `there is no job ${id} that role "${role}" can retry`,
    detail:
      'One can be retried that has failed or was cancelled, cost nothing, and was not retried before; an unanswered one may have been made.',
    hint: "SELECT job_id, state, price, error ->> 'message' FROM hologen.jobs WHERE state IN ('failed', 'cancelled') shows those that failed; what was made and not saved has its addresses in outputs, for a day.",
  });
}
