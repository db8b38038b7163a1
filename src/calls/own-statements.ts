/** The statements of one engine process: by their names, and apart those of which something is still to come, so that nobody goes through all for each. */
import { behindTime } from './statement-name.js';

export interface OwnStatements<Statement> {
  byName: Map<string, Statement>;
  /** The engine has perhaps not come to them yet; what stands behind the time in their names. */
  expected: Map<Statement, string>;
  /** Not all that their client sent along is answered. */
  unanswered: Set<Statement>;
  serial: SerialCalls<Statement>;
}

/** Calls that were made one after another since the client has had all its answers: of whatever statements, it did not wait between them. */
export interface SerialCalls<Statement> {
  calls: number;
  /** Whose the first is. */
  first: Statement | undefined;
  /** It was said why. */
  told: boolean;
}

type Named = { name: string };

export function newOwnStatements<Statement extends Named>(): OwnStatements<Statement> {
  const [byName, expected, unanswered] = [new Map(), new Map(), new Set<Statement>()];
  return { byName, expected, unanswered, serial: noSerialCalls() };
}

export function keep<Statement extends Named>(own: OwnStatements<Statement>, statement: Statement): void {
  own.byName.set(statement.name, statement);
  own.unanswered.add(statement);
}

export function drop<Statement extends Named>(own: OwnStatements<Statement>, statement: Statement): void {
  own.byName.delete(statement.name);
  own.expected.delete(statement);
  own.unanswered.delete(statement);
}

export function keepExpected<Statement extends Named>(
  own: OwnStatements<Statement>,
  statement: Statement,
): void {
  keep(own, statement);
  own.expected.set(statement, behindTime(statement.name));
}

/** In their order those that may be at the time of this name. */
export function expectedAs<Statement extends Named>(
  { expected }: OwnStatements<Statement>,
  name: string,
): Statement[] {
  if (expected.size === 0) return [];
  const behind = behindTime(name);
  return [...expected].flatMap(([statement, own]) => (own === behind ? [statement] : []));
}

/** The engine has come to one that was expected: whatever else is known under its name gives way. */
export function comeAs<Statement extends Named>(
  own: OwnStatements<Statement>,
  statement: Statement,
  name: string,
): void {
  const known = own.byName.get(name);
  if (known) drop(own, known);
  own.byName.delete(statement.name);
  own.expected.delete(statement);
  statement.name = name;
  own.byName.set(name, statement);
}

export function noSerialCalls(): SerialCalls<never> {
  return { calls: 0, first: undefined, told: false };
}

/** The client has had all its answers. */
export function beginAnew<Statement>(
  own: OwnStatements<Statement> | undefined,
): OwnStatements<Statement> | undefined {
  if (own) own.serial = noSerialCalls();
  return own;
}

/** `declaredBy`: the text of the cursor that it reads, if it is known. */
export type OnlyReads = (text: string, declaredBy: string | undefined) => boolean;

/** Each is judged once, by its text. */
export function setAnswered(
  own:
    | OwnStatements<{ text: string; declaredBy: string | undefined; read: boolean; answered: boolean }>
    | undefined,
  onlyReads: OnlyReads,
): void {
  for (const statement of own?.unanswered ?? [])
    Object.assign(statement, { read: onlyReads(statement.text, statement.declaredBy), answered: true });
  own?.unanswered.clear();
}

export function setStaying(own: OwnStatements<{ stays: boolean; answered: boolean }> | undefined): void {
  for (const statement of own?.byName.values() ?? []) statement.stays = statement.answered;
}

/** Those are over; undefined: there are none. */
export function endThose<Statement extends Named>(
  own: OwnStatements<Statement> | undefined,
  which: (statement: Statement) => boolean,
  ended: (statement: Statement) => Promise<void>,
): Promise<void> | undefined {
  if (!own) return undefined;
  const those = [...own.byName.values()].filter(which);
  if (those.length === 0) return undefined;
  const written = those.map((statement) => {
    drop(own, statement);
    return ended(statement);
  });
  return Promise.all(written).then(() => {});
}
