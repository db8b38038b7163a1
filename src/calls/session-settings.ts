/** What the session's ai_gen.* settings say about a statement, read and checked at its first call. */

import { oneOf, refuse } from '../fields.js';
import { type Json, textOf } from '../json.js';
import type { Priority } from '../ledger/job.js';

export interface SessionSettings {
  /** Tell the person who waits what goes on. */
  progress: boolean;
  /** Which earlier results of the role may be taken: none, those that reached nobody, or all. */
  reuse: 'off' | 'unclaimed' | 'on';
  /** More calls than this are refused: nobody writes a statement of a thousand pictures by accident twice. */
  maxCalls: number;
  /** What a call that fails at the provider gives: an error, a JSON value that tells it, or NULL. */
  onError: 'error' | 'capture' | 'skip';
  /** Calls are checked and priced, and nothing is sent. */
  dryRun: boolean;
  /** Which estimate runs what makes the calls: of several in one statement each has its own. It is the engine's functions' own setting. */
  estimate?: string;
  /** Look for the calls to come before the first is waited for; otherwise those that stand as written are made one after another. */
  atOnce: boolean;
  /** How long the calls of a statement may take; undefined: as long as they need. */
  timeoutMs: number | undefined;
  /** What the session calls its work: kept with its calls, and what budgets may be for. */
  tag: string | undefined;
  /** What the session may spend in all, in CNY; undefined: no limit of its own. */
  spendAtMost: number | undefined;
  /** Name of the place where pictures and videos are saved when a call names none. */
  place: string | undefined;
  /** Name of the webhook that is told what becomes of the calls. */
  webhook: string | undefined;
  /** How the calls stand in their lines: low gives way to all others, high goes before one's own, an administrator's before all. */
  priority: Priority;
  /** Until when the calls give way to all others, to be over then; on the clock of Date.now(). */
  by: number | undefined;
}

const switches: Record<string, boolean> = {
  on: true,
  true: true,
  yes: true,
  '1': true,
  off: false,
  false: false,
  no: false,
  '0': false,
};
const unitMs: Record<string, number> = {
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The calls of a question have one object in common. */
const known = new WeakMap<Json, SessionSettings>();

/** `given` has the settings by their SQL names, each a text or null. KnownError 22023 names the setting that makes no sense. */
export function readSessionSettings(given: Json): SessionSettings {
  const settings = known.get(given) ?? settingsOf(given);
  known.set(given, settings);
  return settings;
}

function settingsOf(given: Json): SessionSettings {
  // Whatever a function says of its own.
  const estimate = readEstimate(given);
  const dryRun = estimate.estimate !== undefined || readSwitch(given, 'dry_run', false);
  return {
    progress: readSwitch(given, 'progress', true),
    reuse: readWord(given, 'reuse', ['unclaimed', 'off', 'on']),
    maxCalls: readCount(given, 'max_calls', 1000),
    onError: readWord(given, 'on_error', ['error', 'capture', 'skip']),
    dryRun,
    ...estimate,
    atOnce: readSwitch(given, 'at_once', true),
    timeoutMs: readDuration(given, 'timeout'),
    tag: readTag(given),
    spendAtMost: readAmount(given, 'spend_at_most'),
    place: textOf(given.place),
    webhook: textOf(given.webhook),
    priority: readWord(given, 'priority', ['normal', 'low', 'high']),
    by: readMoment(given),
  };
}

function textAt(given: Json, name: string): string | undefined {
  const value = given[name];
  return value === undefined || value === null || value === '' ? undefined : String(value).toLowerCase();
}

/** Of a tag, in characters: what a session may say, and what a budget may be for. */
export const longestTag = 200;

function readTag({ tag }: Json): string | undefined {
  if (tag === undefined || tag === null || tag === '') return undefined;
  const text = String(tag);
  return text.length <= longestTag
    ? text
    : refuseSetting('tag', text, `a text of at most ${longestTag} characters`, "'spring-catalogue'");
}

/** Anybody may SET what the engine's function sets. */
function readEstimate({ estimate }: Json): { estimate?: string } {
  const text = textOf(estimate) ?? '';
  return isUuid.test(text) ? { estimate: text } : {};
}
const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function readSwitch(given: Json, name: string, byDefault: boolean): boolean {
  const word = textAt(given, name);
  if (word === undefined) return byDefault;
  return switches[word] ?? refuseSetting(name, word, 'on or off', byDefault ? 'on' : 'off');
}

/** The first word is the default. */
function readWord<Word extends string>(given: Json, name: string, words: [Word, ...Word[]]): Word {
  const word = textAt(given, name) ?? words[0];
  return words.find((each) => each === word) ?? refuseSetting(name, word, oneOf(words), words[0]);
}

function readCount(given: Json, name: string, byDefault: number): number {
  const word = textAt(given, name);
  const count = word === undefined ? byDefault : Number(word);
  return Number.isInteger(count) && count >= 0
    ? count
    : refuseSetting(name, word, 'a whole number', String(byDefault));
}

function readAmount(given: Json, name: string): number | undefined {
  const word = textAt(given, name);
  if (word === undefined) return undefined;
  return /^\d+(\.\d+)?$/.test(word)
    ? Number(word)
    : refuseSetting(name, word, 'an amount in CNY, such as 2.50 (0: nothing)', '2.50');
}

/** As PostgreSQL reads its own time-outs: milliseconds, or a number with a unit; 0 is none. */
function readDuration(given: Json, name: string): number | undefined {
  const word = textAt(given, name);
  if (word === undefined) return undefined;
  const [, number, unit = 'ms'] = /^(\d+(?:\.\d+)?)\s*([a-z]+)?$/.exec(word) ?? [];
  const factor = unitMs[unit];
  if (number === undefined || factor === undefined)
    return refuseSetting(name, word, 'a time such as 90s, 10min or 2h (0: none)', "'10min'");
  return Number(number) * factor || undefined;
}

/** The engine knows the session's time zone, and so which moment is meant. */
function readMoment({ by, by_at: at }: Json): number | undefined {
  if (by === undefined || by === null || by === '') return undefined;
  return typeof at === 'number'
    ? at
    : refuseSetting(
        'by',
        by,
        "a time of day, a day and time, or a span, such as '06:00', '2027-01-31 06:00' or '2h'",
        "'06:00'",
      );
}

function refuseSetting(name: string, value: unknown, allowed: string, example: string): never {
  return refuse(`ai_gen.${name}`, value, allowed, `SET ai_gen.${name} = ${example}.`);
}
