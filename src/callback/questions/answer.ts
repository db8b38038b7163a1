/** What the engine's functions may ask of the gateway: the questions of sql/, by what they are about. */

import type { Calls } from '../../calls/calls.js';
import type { Models } from '../../calls/check.js';
import type { ClientText } from '../../frontend/statement-texts.js';
import { isObject, type Json } from '../../json.js';
import type { Budgets, CallOrigin, Ledger } from '../../ledger/job.js';
import type { Schedule } from '../../pace/schedule.js';
import type { Storage } from '../../storage/storage.js';
import type { Answer, Caller } from '../endpoint.js';
import { answerAboutCalls } from './calls.js';
import { answerAboutFiles, type FileMemory } from './files.js';
import { answerAboutModels } from './models.js';
import { answerAboutMoney } from './money.js';

export interface QuestionTools {
  calls: Calls;
  models: Models;
  budgets: Budgets;
  ledger: Ledger;
  schedule: Schedule;
  storage: Storage;
  files: FileMemory;
  /** The client's own words for a statement text that the engine was given. */
  originalText(engineText: string): ClientText;
}

export type Answers = Record<
  string,
  (question: Json, caller: Caller, signal: AbortSignal) => Promise<unknown> | unknown
>;

export function answerQuestions(tools: QuestionTools): Answer {
  const answers: Answers = {
    ...answerAboutCalls(tools),
    ...answerAboutFiles(tools),
    ...answerAboutModels(tools),
    ...answerAboutMoney(tools),
  };
  return async (question, caller, signal) => {
    const answer = Object.hasOwn(answers, question.ask) ? answers[question.ask] : undefined;
    if (!answer || !isObject(question))
      throw new Error(`the engine asks for "${question.ask}", which this hologen does not know`);
    return answer(question, caller, signal);
  };
}

export function originOf(caller: Caller): CallOrigin {
  const { role, database, application, engineProcessId, statementAt, admin } = caller;
  return { role, database, application, engineProcessId, statementAt, admin };
}

export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
