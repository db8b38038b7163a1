/** What a person is told of calls that are made one after another: once for a statement why, and which form makes them at once. */
import type { LookAhead } from './look-ahead.js';
import type { SerialCalls } from './own-statements.js';
import type { SqlReader } from './sql-reader.js';
import type { Statement } from './statement.js';

type Told = Pick<Statement, 'notes' | 'hints' | 'atOnce' | 'progress'>;
type Forms = Pick<SqlReader, 'otherForm' | 'makesCalls'>;

const ofDefault =
  'they stand in what it runs for its rows (a default, a check or the like), and not in the statement';
const ofUnknownRows =
  'which rows are written was not known beforehand (a view, rules, row security, a default that calls, or others have changed them)';
const isOff = 'ai_gen.at_once is off';
const inBlock = 'they stand in a function or a block';
const ofOneEach = 'each statement makes one call, and they could not be looked at together';

interface Alone {
  ahead: LookAhead<unknown>;
  inside: boolean;
  serial: SerialCalls<Told>;
}

/** The second call that comes alone is the first of which somebody would wonder, be it of another statement that its client did not wait with. */
export function noteAlone(statement: Told, { ahead, inside, serial }: Alone, forms: Forms): void {
  ahead.alone += 1;
  ahead.inFunction ||= inside;
  // Nobody hears it.
  if (!statement.progress) return;
  serial.calls += 1;
  serial.first ??= statement;
  const isSecondOfAll = ahead.alone === 1 && serial.calls > 1 && !serial.told;
  const isSecond = ahead.alone === 2 && statement.hints.size === 0;
  if (!isSecond && !isSecondOfAll) return;
  const isOfOthers = isSecondOfAll && serial.first !== statement;
  const own = inside ? whyInside(statement, ahead) : whyItself(statement, ahead, forms);
  const why = own ?? (inside ? inBlock : isOfOthers ? ofOneEach : undefined);
  if (why === undefined) return;
  serial.told = true;
  tellSerial(statement, {
    whose: isOfOthers ? 'statements that were sent together' : 'this statement',
    reason: inside && own !== undefined ? `${inBlock} (${own})` : why,
    form: forms.otherForm(why),
  });
}

function whyInside({ atOnce }: Told, { why }: LookAhead<unknown>): string | undefined {
  return atOnce ? why : isOff;
}

function whyItself(told: Told, ahead: LookAhead<unknown>, { makesCalls }: Forms): string | undefined {
  const why = whyInside(told, ahead);
  const { query, found } = ahead;
  if (why !== undefined || query?.between === undefined) return why;
  return found.size > 0 || makesCalls(null, query.text) ? ofUnknownRows : ofDefault;
}

interface Serial {
  whose: 'this statement' | 'statements that were sent together';
  reason: string;
  form: string;
}

export function tellSerial({ notes, hints }: Told, { whose, reason, form }: Serial): void {
  const note = `the calls of ${whose} are made one after another: ${reason}`;
  notes.add(note);
  hints.set(note, form);
}
