/** What a statement is here, what counts as the same, and how a difference is told. */
import type { Recorded } from './recording-provider.js';
import type { Heard, Sent } from './wire-session.js';

export interface Statement {
  /** What it tries, for the table of how many ran. */
  form: string;
  /** Run before it, in its transaction, and not compared. */
  setup: string[];
  /** Sent one after another, up to the first that fails. */
  steps: Sent[];
  /** Each step is a transaction of its own, and what they leave is put back afterwards. */
  committed?: boolean;
  /** Run when all is undone. */
  after?: string[];
  /** The rows, and the calls at each place, come in a defined order. */
  ordered: boolean;
}

/** What one run of a statement came to. */
export interface Outcome {
  heard: Heard[];
  calls: Recorded;
  /** The rows of all tables behind it, and how far the sequences went. */
  tables: string[];
  sequences: string[];
}

export interface Difference {
  /** The first thing that differs, e.g. `rows`. */
  what: string;
  written: string;
  through: string;
}

type Facts = [what: string, told: string][];

/**
 * Seven differences are allowed and no other: a statement that fails midway may have sent all its calls, one of more calls than max_calls, or with a request
 * that is refused, ends before the first is made, which may fail as written, clock_timestamp() beside a call
 * tells when it was submitted, the columns of a `*` beside calls that are submitted before others do not tell which table they are from, calls of an UPDATE that are submitted
 * before others are in another order, rows are written before the calls of their RETURNING are made, and
 * of `(f(call)).*` one call is made for each row, not one for each column.
 */
export function compared(statement: Statement, written: Outcome, through: Outcome): Difference | undefined {
  const facts = factsOf(statement, written);
  const seen = factsOf(statement, through);
  for (const [index, [what, told]] of facts.entries()) {
    const other = seen[index]?.[1] ?? '';
    if (other === told || (what === 'origins' && isOriginLost(statement, told, other))) continue;
    // It came to no row.
    if (what === 'sequences' && endedBefore.test(through.heard.at(-1)?.error ?? '')) continue;
    if (what === 'order of calls' && submitsUpdated(statement)) continue;
    if (what === 'error' && returns(statement) && ofACall.test(told) && failed(through)) return undefined;
    if (what === 'error' && failed(written) && endedBefore.test(other)) return undefined;
    return { what, written: told, through: other };
  }
  return undefined;
}

const endedBefore =
  /C 53400 \| M the statement makes more than \d+ calls|the request of ai_gen is NULL|something else/;
const submitsFirst = /\breturning\b.*\*|\*.*\b(random|clock_timestamp|gen_random_uuid|uuidv[47]|nextval)\(/is;

/** A row is told of before the call of another one. */
const ofACall = /the request of ai_gen is NULL|no answer to "|something else/;

function returns({ steps }: Statement): boolean {
  return steps.some(({ text }) => /\breturning\b.*\(/is.test(text));
}

const updates = /\bupdate\b/i;
/** In the list of a WITH, too. */
const submitsRows = /\breturning\b.*\(|\b(random|clock_timestamp|gen_random_uuid|uuidv[47])\(/is;

/** Two rows of the same values are told apart by a sort (src/rewriter/update-stages.ts). */
function submitsUpdated({ steps }: Statement): boolean {
  return steps.some(({ text }) => updates.test(text) && submitsRows.test(text));
}

function isOriginLost({ steps }: Statement, written: string, through: string): boolean {
  const left = written.split(/[,;] /);
  const right = through.split(/[,;] /);
  return (
    steps.some(({ text }) => submitsFirst.test(text)) &&
    left.length === right.length &&
    right.every((each, index) => each === left[index] || each === '0.0')
  );
}

/**
 * Of a statement that fails because a call does: nothing may be sent that it would not send if that call had an answer. `answered` is such a run,
 * as written. Fewer may be, as those of a later stage.
 */
export function sentInVain(through: Outcome, answered: Outcome): Difference | undefined {
  if (failed(answered)) return undefined;
  const wanted = [...answered.calls.calls];
  const vain = through.calls.calls.filter((call) => {
    const at = wanted.indexOf(call);
    if (at >= 0) wanted.splice(at, 1);
    return at < 0;
  });
  if (vain.length === 0) return undefined;
  return {
    what: 'calls of what failed',
    ...{ written: answered.calls.calls.join('\n'), through: through.calls.calls.join('\n') },
  };
}

/** The provider's own failure: ./recording-provider.ts. */
export function failedByCall({ heard }: Outcome): boolean {
  return /no answer to "/.test(heard.at(-1)?.error ?? '');
}

function failed({ heard }: Outcome): boolean {
  return heard.at(-1)?.error !== '';
}

/** The call stands where PostgreSQL evaluates it for each column. */
const expands = /\)\)\.\*/;

function factsOf(statement: Statement, outcome: Outcome): Facts {
  const { ordered, steps } = statement;
  const { heard, calls, tables, sequences } = outcome;
  const listed = (rows: string[]) => (ordered ? rows : [...rows].sort()).join('\n');
  const each = (what: string, of: (heard: Heard) => string): Facts[number] => [
    what,
    heard.map(of).join('\n'),
  ];
  const always: Facts = [
    each('error', ({ error }) => error),
    each('position', ({ position }) => position),
    each('names', ({ names }) => names),
    each('types', ({ types }) => types),
    each('parameters', ({ parameters }) => parameters),
  ];
  // Of what fails midway a server may have sent any number of rows, and its notices with them.
  const left: Facts = [
    ['tables', tables.join('\n')],
    ['sequences', sequences.join('\n')],
  ];
  if (failed(outcome)) return [...always, ...left.slice(0, returns(statement) ? 1 : 2)];
  return [
    ...always,
    each('rows', ({ rows }) => listed(rows)),
    each('tag', ({ tags }) => tags),
    each('origins', ({ origins }) => origins),
    each('notices', ({ notices }) => listed(notices)),
    ...(steps.some(({ text }) => expands.test(text)) ? setOf(calls) : listOf(calls, ordered)),
    ...left,
  ];
}

function setOf({ calls }: Recorded): Facts {
  return [['calls', [...new Set(calls)].sort().join('\n')]];
}

function listOf({ calls, price }: Recorded, ordered: boolean): Facts {
  return [
    ['calls', [...calls].sort().join('\n')],
    ['order of calls', ordered ? byPlace(calls) : ''],
    ['money', String(price)],
  ];
}

/** The calls of each place in their order: a place has a model of its own. Places may take turns in any way. */
function byPlace(calls: string[]): string {
  const model = (call: string) => call.slice(0, call.indexOf('('));
  const models = [...new Set(calls.map(model))].sort();
  return models.flatMap((each) => calls.filter((call) => model(call) === each)).join('\n');
}

/** The lines that one of both has more than the other; all of them where only their order differs. */
function linesApart(told: string, other: string): string[] {
  const left = other.split('\n');
  const apart = told.split('\n').filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return apart.length > 0 || left.length > 0 ? apart : told.split('\n');
}

function bound(values: unknown): string {
  return values ? ` -- ${JSON.stringify(values)}` : '';
}

/** As a person reads it: what was sent, and the two answers. */
export function shown(statement: Statement, difference: Difference): string {
  const sent = [
    ...statement.setup.map((text) => `${text};`),
    ...statement.steps.flatMap(({ text, parameters, batch, behind = [], rows }) => [
      `${text};${bound(batch ?? parameters)}${rows ? ` -- ${rows} rows` : ''}`,
      ...behind.map((each) => `${each.text};${bound(each.parameters)} -- in the same pipe`),
    ]),
  ];
  return [
    `${statement.form}: another ${difference.what}`,
    ...sent.map((line) => `  ${line}`),
    '  as written:',
    ...linesApart(difference.written, difference.through).map((line) => `    ${line}`),
    '  through the gateway:',
    ...linesApart(difference.through, difference.written).map((line) => `    ${line}`),
  ].join('\n');
}
