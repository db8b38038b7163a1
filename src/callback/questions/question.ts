/** What every answer to a question has at hand: the rooms it may ask, who calls, and the plain values of a question. */
import type { Calls } from '../../calls/calls.js';
import type { Models } from '../../calls/check.js';
import type { SessionSpending } from '../../calls/session-spending.js';
import type { SqlReader } from '../../calls/sql-reader.js';
import type { ClientText } from '../../frontend/statement-texts.js';
import { isObject, type Json } from '../../json.js';
import type { ActivityOf } from '../../ledger/activity.js';
import type { Draining } from '../../ledger/draining.js';
import type { CallOrigin, Ledger } from '../../ledger/job.js';
import type { Budgets } from '../../ledger/models.js';
import type { Pauses } from '../../ledger/pauses.js';
import type { Reviews } from '../../ledger/reviews.js';
import type { UsualTimes } from '../../ledger/usual-times.js';
import type { WebhookHosts } from '../../ledger/webhooks.js';
import type { Schedule } from '../../pace/schedule.js';
import type { DegreeSettings } from '../../settings/configuration.js';
import type { Reloading } from '../../settings/reload.js';
import type { ObjectInfo, Storage } from '../../storage/storage.js';
import type { Caller } from '../endpoint.js';

export interface QuestionTools {
  calls: Calls;
  models: Models;
  budgets: Budgets;
  ledger: Ledger;
  reviews: Reviews;
  pauses: Pauses;
  draining: Draining;
  reload: Reloading['reload'];
  webhookHosts: WebhookHosts;
  spending: Pick<SessionSpending, 'sessions'>;
  activityOf: ActivityOf;
  schedule: Schedule;
  usualTimes: UsualTimes;
  reader: SqlReader;
  storage: Storage;
  files: FileMemory;
  degrees: DegreeSettings;
  /** What the models of an AI function are deployed for; undefined: it takes any, or there is no such function. */
  tasksOf(functionName: string): readonly string[] | undefined;
  /** The client's own words for a statement text that the engine was given. */
  originalText(engineText: string): ClientText;
}

/** Knows files that were seen lately, so that a column of to_file() and its facts ask the store once a file. */
export interface FileMemory {
  once(key: string, look: () => Promise<ObjectInfo>): Promise<ObjectInfo>;
}

export type Answers = Record<
  string,
  (question: Json, caller: Caller, signal: AbortSignal) => Promise<unknown> | unknown
>;

export function originOf(caller: Caller): CallOrigin {
  const { role, roleOid, database, application, engineProcessId, statementAt, admin } = caller;
  return { role, roleOid, database, application, engineProcessId, statementAt, admin };
}

/** The engine's functions send no more; whoever asks by hand is not believed to. */
const longestText = 10_000;

/** The session's settings and the statement in which a question was asked. */
export function circumstancesOf(
  { settings, statement }: Json,
  originalText: QuestionTools['originalText'],
): { settings: Json; statement: ClientText; engineText: string } {
  const engineText = String(statement ?? '').slice(0, longestText);
  return { settings: isObject(settings) ? settings : {}, statement: originalText(engineText), engineText };
}

export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Nothing else than a list is one of no texts. */
export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
