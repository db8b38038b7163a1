/** Makes a statement that shows a difference smaller, for whoever reads it: leaves out what the difference does not need. */
import type { Statement } from './outcome.js';
import type { Sent } from './wire-session.js';

/** Bounds the time that one difference may take. */
const mostTries = 80;

/** The smallest found that `differs` in the same way still. */
export async function shrunk(
  statement: Statement,
  differs: (smaller: Statement) => Promise<boolean>,
): Promise<Statement> {
  let smallest = statement;
  let tries = 0;
  for (let found = true; found; ) {
    found = false;
    for (const smaller of smallerThan(smallest)) {
      if (++tries > mostTries) return smallest;
      if (!(await differs(smaller))) continue;
      smallest = smaller;
      found = true;
      break;
    }
  }
  return smallest;
}

function* smallerThan(statement: Statement): Generator<Statement> {
  const { setup, steps } = statement;
  for (const index of setup.keys()) yield { ...statement, setup: setup.toSpliced(index, 1) };
  if (steps.length > 1) yield { ...statement, steps: steps.slice(0, -1) };
  for (const [index, step] of steps.entries())
    for (const smaller of smallerPipes(step)) yield { ...statement, steps: steps.with(index, smaller) };
  for (const [index, step] of steps.entries())
    for (const text of smallerTexts(step.text))
      yield { ...statement, steps: steps.with(index, { ...step, text }) };
}

/** With less of what stands together. */
function* smallerPipes(step: Sent): Generator<Sent> {
  const { text, batch = [], behind = [] } = step;
  for (const index of behind.keys()) yield { ...step, behind: behind.toSpliced(index, 1) };
  if (batch.length > 1) for (const index of batch.keys()) yield { ...step, batch: batch.toSpliced(index, 1) };
  const statements = text.split('; ');
  if (statements.length > 1)
    for (const index of statements.keys()) yield { ...step, text: statements.toSpliced(index, 1).join('; ') };
}

/** A stretch of the text in one pair of parentheses, and where the pairs within it are. */
interface Group {
  start: number;
  end: number;
  /** Of a function's arguments: where its name begins. */
  name: number | undefined;
}

function* smallerTexts(text: string): Generator<string> {
  const plain = withoutStrings(text);
  for (const { start, end, name } of groupsOf(plain)) {
    const flat = flattened(plain.slice(start, end));
    const cut = (from: number, to: number) => text.slice(0, start + from) + text.slice(start + to);
    for (const [from, to] of clausesOf(flat)) yield cut(from, to);
    for (const [from, to] of elementsOf(flat)) yield cut(from, to);
    if (name === undefined) continue;
    for (const argument of text.slice(start, end).split(/,(?![^(]*\))/))
      yield text.slice(0, name) + argument.trim() + text.slice(end + 1);
  }
}

/** As long as the text, with nothing in its strings and quoted names. */
function withoutStrings(text: string): string {
  return text.replace(/'[^']*'|"[^"]*"/g, (found) => `'${'_'.repeat(found.length - 2)}'`);
}

function groupsOf(plain: string): Group[] {
  const groups: Group[] = [{ start: 0, end: plain.length, name: undefined }];
  const open: number[] = [];
  for (const { 0: sign, index } of plain.matchAll(/[()]/g)) {
    if (sign === '(') open.push(index);
    else {
      const start = open.pop();
      if (start === undefined) continue;
      const word = /[\w.]+\s*$/.exec(plain.slice(0, start));
      groups.push({ start: start + 1, end: index, name: word?.index ?? start });
    }
  }
  return groups;
}

/** As long as the text, with nothing in its inner parentheses. */
function flattened(text: string): string {
  let depth = 0;
  return [...text]
    .map((sign) => {
      if (sign === ')') depth -= 1;
      const shown = depth > 0 ? '_' : sign;
      if (sign === '(') depth += 1;
      return shown;
    })
    .join('');
}

const clause =
  / (WHERE|ORDER BY|GROUP BY|HAVING|LIMIT|OFFSET|RETURNING|ON CONFLICT|LEFT JOIN|JOIN|UNION|FILTER) /g;

function clausesOf(flat: string): [from: number, to: number][] {
  const starts = [...flat.matchAll(clause)].map(({ index }) => index);
  return starts.map((from, index) => [from, starts[index + 1] ?? flat.length]);
}

/** Elements of lists, and operands: with the sign before them, or behind the first. */
function elementsOf(flat: string): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (const { 0: sign, index } of flat.matchAll(/, | \|\| | AND | OR /g)) {
    const rest = flat
      .slice(index + sign.length)
      .search(/, | \|\| | (AND|OR|FROM|WHERE|ORDER|RETURNING|END|THEN) /);
    found.push([index, rest < 0 ? flat.length : index + sign.length + rest]);
    const before = flat.slice(0, index).search(/[^,|]*$/);
    const first =
      before +
      (/^\s*(SELECT|SET|RETURNING|WHERE|.*\b(SELECT|SET|RETURNING|WHERE)) /.exec(flat.slice(before))?.[0]
        .length ?? 0);
    if (first < index) found.push([first, index + sign.length]);
  }
  return found;
}
