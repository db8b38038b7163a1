/** What the engine's functions may ask of the gateway: the questions of sql/, by what they are about. */
import { isObject } from '../../json.js';
import type { Answer } from '../endpoint.js';
import { answerAboutCalls } from './calls.js';
import { answerAboutFiles } from './files.js';
import { answerAboutModels } from './models.js';
import { answerAboutMoney } from './money.js';
import { answerAboutObjects } from './objects.js';
import { answerAboutOperation } from './operators.js';
import { answerAboutPlaces } from './places.js';
import type { Answers, QuestionTools } from './question.js';
import { answerAboutReviews } from './reviews.js';
import { requireDegree } from './rights.js';
import { answerAboutWebhooks } from './webhooks.js';

export function answerQuestions(tools: QuestionTools): Answer {
  const answers: Answers = {
    ...answerAboutCalls(tools),
    ...answerAboutFiles(tools),
    ...answerAboutModels(tools),
    ...answerAboutMoney(tools),
    ...answerAboutObjects(tools),
    ...answerAboutOperation(tools),
    ...answerAboutPlaces(tools),
    ...answerAboutReviews(tools),
    ...answerAboutWebhooks(tools),
  };
  return async (question, caller, signal) => {
    const answer = Object.hasOwn(answers, question.ask) ? answers[question.ask] : undefined;
    if (!answer || !isObject(question))
      throw new Error(`the engine asks for "${question.ask}", which this hologen does not know`);
    requireDegree(question.ask, caller, tools.degrees);
    return answer(question, caller, signal);
  };
}
