/** What the engine's functions may ask of the gateway: the questions of sql/, by what they are about. */
import { KnownError } from '../../errors.js';
import { isObject } from '../../json.js';
import type { Answer } from '../endpoint.js';
import { answerAboutCalls } from './calls.js';
import { answerAboutFiles } from './files.js';
import { answerAboutHow } from './how.js';
import { answerAboutModels } from './models.js';
import { answerAboutMoney } from './money.js';
import { answerAboutObjects } from './objects.js';
import { answerAboutOperation } from './operators.js';
import { answerAboutPlaces } from './places.js';
import type { Answers, QuestionTools } from './question.js';
import { answerAboutRetries } from './retries.js';
import { answerAboutReviews } from './reviews.js';
import { requireDegree } from './rights.js';
import { answerAboutSessions } from './sessions.js';
import { answerAboutWebhooks } from './webhooks.js';

/** Whoever asks by hand may write anything. */
const longestName = 40;

export function answerQuestions(tools: QuestionTools): Answer {
  const answers: Answers = {
    ...answerAboutCalls(tools),
    ...answerAboutFiles(tools),
    ...answerAboutHow(tools),
    ...answerAboutModels(tools),
    ...answerAboutMoney(tools),
    ...answerAboutObjects(tools),
    ...answerAboutOperation(tools),
    ...answerAboutPlaces(tools),
    ...answerAboutRetries(tools),
    ...answerAboutReviews(tools),
    ...answerAboutSessions(tools),
    ...answerAboutWebhooks(tools),
  };
  return async (question, caller, signal) => {
    const answer = Object.hasOwn(answers, question.ask) ? answers[question.ask] : undefined;
    if (!answer || !isObject(question))
      throw new KnownError({
        kind: 'featureNotSupported',
        message: `the engine asks for "${String(question.ask).slice(0, longestName)}", which this hologen does not know`,
        hint: 'Nobody asks it by hand. Where several gateways serve one engine they are to be of one version.',
      });
    requireDegree(question.ask, caller, tools.degrees);
    // Whatever the statement has done with its settings.
    const dryRun = caller.dryRun || tools.calls.isEstimating(caller.engineProcessId);
    return answer(question, dryRun ? { ...caller, dryRun } : caller, signal);
  };
}
