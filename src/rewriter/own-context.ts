/** Leaves out of an error's or notice's context what it tells of our own routines: it is of no use to who wrote the statement. */
import { aiFunctions, otherPublicNames } from './ai-functions.js';

/** Cheap to look for: without it nothing in a message tells of our routines. */
export const mentionsOwnRoutines = 'holog';

/** One level of the stack: a routine, or what the routine behind it runs. The innermost comes first. */
interface Level {
  kind: 'routine' | 'inside a routine' | 'other';
  text: string;
}

const routine = /^PL\/pgSQL function |^SQL function "/;
const insideRoutine = /^SQL (?:statement|expression) "|^PL\/pgSQL (?:assignment|expression) "/;
const ownRoutine = /^PL\/pgSQL function (?:hologen|hologen_\w+|hologres)\./;
/** It runs what the client has handed to it. */
const runsClientsText = /^PL\/pgSQL function hologen\.ai_estimate\(text\) line \d+ at EXECUTE$/;
/** Found by its bare name, a procedure is one that does nothing but to call the real one. */
const callOfTwin = /^SQL statement "CALL hologen\.(\w+)\([$\d, ]*\)"$/;
const procedureName = /^PL\/pgSQL function (?:\w+\.)?(\w+)\(/;
/** PostgreSQL tells no schema of these. */
const functionName = /^SQL function "(?:(?:made|later)_)?(\w+)"/;
const ownFunctions = new Set([
  ...aiFunctions.flatMap(({ name, submit, describe, detached, question }) =>
    [name, submit, describe, detached, question].filter((each) => each !== undefined),
  ),
  ...otherPublicNames,
]);

/**
 * Levels of others stay, as do the statements that they run. The position in a statement of ours goes with it. Messages that are not in English
 * keep the statements.
 */
export function leaveOutOwnRoutines(fields: Map<string, string>): void {
  const context = fields.get('W');
  if (context === undefined) return;
  const levels = levelsOf(context);
  const own: boolean[] = [];
  for (const [index, level] of levels.entries()) own.push(isOwn(level, levels, index, own));
  const innermost = levels.findIndex(({ kind }) => kind === 'routine');
  if (own[innermost] && !runsClientsText.test(levels[innermost]?.text ?? '')) {
    fields.delete('q');
    fields.delete('p');
  }
  const rest = levels.filter((_level, index) => !own[index]);
  if (rest.length > 0) fields.set('W', rest.map(({ text }) => text).join('\n'));
  else fields.delete('W');
}

/** `before`: which of the levels in front of it are ours. */
function isOwn({ kind, text }: Level, levels: Level[], index: number, before: boolean[]): boolean {
  const behind = levels[index + 1];
  if (kind === 'inside a routine' && behind?.kind === 'routine') {
    if (ownRoutine.test(behind.text)) return !runsClientsText.test(behind.text);
    return isTwin(text, behind.text);
  }
  if (kind !== 'routine') return false;
  if (ownRoutine.test(text) || isTwin(levels[index - 1]?.text, text)) return true;
  const [, name = ''] = functionName.exec(text) ?? [];
  return ownFunctions.has(name) && (index === 0 || before[index - 1] === true);
}

function isTwin(statement: string | undefined, caller: string): boolean {
  const called = callOfTwin.exec(statement ?? '')?.[1];
  return called !== undefined && called === procedureName.exec(caller)?.[1];
}

/** A line that begins no level belongs to the statement before it, as long as that has no end. */
function levelsOf(context: string): Level[] {
  const levels: Level[] = [];
  for (const line of context.split('\n')) {
    const last = levels.at(-1);
    const begins = routine.test(line) || insideRoutine.test(line);
    if (!begins && last?.kind === 'inside a routine' && !last.text.endsWith('"')) last.text += `\n${line}`;
    else levels.push({ kind: kindOf(line), text: line });
  }
  return levels;
}

function kindOf(line: string): Level['kind'] {
  if (routine.test(line)) return 'routine';
  return insideRoutine.test(line) ? 'inside a routine' : 'other';
}
