/**
 * Puts submits before waits: `SELECT …, ai_gen(…) FROM t` first submits the calls of all rows, then waits for them one after another.
 * The block becomes a materialised CTE of handles, which is read to its end before the first wait. What cannot be proved equal stays
 * as it was written: exact, one call after another.
 */
import { consumedSelects, insertedValues } from './blocks.js';
import { type AnyNode, type Body, child, children, containsAiCall, kindOf, nameList, walk } from './nodes.js';
import { type ParsedStatement, parseStatements, scanTokens, type Token, utf16Offsets } from './parse.js';
import { type Edit, type Piece, type SplicedText, splice } from './spliced-text.js';
import { type ItemContext, quoted, type Range, readItem, type TargetItem } from './target-items.js';

/** A call whose request takes another call's result makes one stage more; nobody nests deeper than this. */
const mostStages = 8;
/** Values beyond this are as well left alone: each call would become a sub-select of its own. */
const mostValueCalls = 500;
const mentionsCall = /ai_gen/i;

/** The text with submits before waits; the very same object when there is nothing to change. */
export function rewriteCalls(before: SplicedText): SplicedText {
  if (!mentionsCall.test(before.text)) return before;
  let result = before;
  for (let stage = 0; stage < mostStages; stage++) {
    const edits = editsFor(result.text);
    if (edits.length === 0) break;
    const next = splice(result, edits);
    // Splicing that gave something PostgreSQL cannot read is our mistake; the user's text is not.
    if (!parseStatements(next.text)) break;
    result = next;
  }
  return result;
}

/** An error's words about a rewritten statement, in the words of the one the user wrote. */
export function inUsersWords(message: string): string {
  return message.replaceAll('hologen.submit_call(', 'ai_gen(');
}

function cteNamesOf(statements: ParsedStatement[]): Set<string> {
  const names = new Set<string>();
  for (const { node } of statements) {
    walk(node, (kind, body) => {
      if (kind === 'CommonTableExpr') names.add(String(body.ctename));
      return true;
    });
  }
  return names;
}

interface Source {
  text: string;
  tokens: Token[];
  offset(location: number): number;
  nextName(): string;
  /** Names that stand for a query of the statement, not for a table. */
  cteNames: Set<string>;
}

function editsFor(text: string): Edit[] {
  const statements = parseStatements(text);
  const tokens = scanTokens(text);
  if (!statements || !tokens) return [];
  let names = 0;
  const source: Source = {
    text,
    tokens,
    offset: utf16Offsets(text),
    cteNames: cteNamesOf(statements),
    nextName() {
      do names += 1;
      while (text.includes(`hologen_stage_${names} `));
      return `hologen_stage_${names}`;
    },
  };
  return statements.flatMap((statement) => [
    ...consumedSelects(statement).flatMap((select) => editSelect(select, source) ?? []),
    ...editValues(statement, source),
  ]);
}

function editSelect(select: Body, source: Source): Edit[] | undefined {
  const targets = children(select, 'targetList');
  if (!targets.some(containsAiCall) || !mayBeStaged(select)) return undefined;
  const block = locate(select, source);
  if (!block || block.items.length !== targets.length) return undefined;
  const context = itemContext(select, source);
  const items = targets.map((target, index) => readItem(target, block.items[index] as Range, context));
  if (!items.every((item) => item !== undefined)) return undefined;
  const calls = items.reduce((sum, item) => sum + (item.form === 'call' ? item.calls.length : 0), 0);
  // One row with one call has nothing to run beside it.
  if (calls === 0 || (calls === 1 && !select.fromClause)) return undefined;
  if (refersToCall(select, items)) return undefined;
  // Rows that OFFSET skips have made their calls; a second stage would not see them.
  if (select.limitOffset && items.some((item) => item.form === 'call' && item.nested)) return undefined;
  return stage(block, items, select.withClause !== undefined, source);
}

/** Calls elsewhere in the block, and clauses that depend on what the target list gives. */
function mayBeStaged(select: Body): boolean {
  if (select.distinctClause || select.intoClause || select.lockingClause || select.groupDistinct)
    return false;
  const others = [
    'whereClause',
    'havingClause',
    'groupClause',
    'sortClause',
    'windowClause',
    'limitCount',
    'limitOffset',
  ];
  if (others.some((name) => containsAiCall(select[name]))) return false;
  return !children(select, 'fromClause').some(
    (item) => kindOf(item)[0] !== 'RangeSubselect' && containsAiCall(item),
  );
}

/** ORDER BY or GROUP BY an output column, by number or by name, that only the waits will give. */
function refersToCall(select: Body, items: TargetItem[]): boolean {
  const keys = [
    ...children(select, 'sortClause').map((sort) => child(kindOf(sort)[1], 'node')),
    ...children(select, 'groupClause'),
  ];
  const hasStar = items.some((item) => item.form === 'star');
  return keys.some((key) => {
    const [kind, body] = kindOf(key);
    if (kind === 'A_Const')
      return hasStar || items[Number(child(body, 'ival').ival ?? 0) - 1]?.form !== 'plain';
    const name = kind === 'ColumnRef' ? nameList(body.fields) : [];
    return name.length === 1 && items.some((item) => item.form === 'call' && item.name === name[0]);
  });
}

function itemContext(select: Body, source: Source): ItemContext {
  const leaves = children(select, 'fromClause').map((item) => kindOf(item));
  const tables = leaves.filter(([kind]) => kind === 'RangeVar').map(([, table]) => aliasOf(table));
  const cteTables = new Set(
    leaves
      .filter(([, table]) => source.cteNames.has(String(table.relname)))
      .map(([, table]) => aliasOf(table)),
  );
  return {
    offset: source.offset,
    text: source.text,
    tokens: source.tokens,
    starTables: tables.length === leaves.length && tables.length > 0 ? tables : undefined,
    isTable: (name) => tables.includes(name) && !cteTables.has(name),
  };
}

function aliasOf(table: Body): string {
  return String(child(table, 'alias').aliasname ?? table.relname);
}

interface Block {
  selectAt: number;
  items: Range[];
  end: number;
}

/** Words that end a target list; FROM also stands in IS DISTINCT FROM. */
const listEnds = new Set(
  'from where group having window union intersect except order limit offset fetch for into returning on with'.split(
    ' ',
  ),
);

/** Finds SELECT, the items between its commas, and the end of the block. */
function locate(select: Body, { tokens, offset }: Source): Block | undefined {
  const first = kindOf(children(select, 'targetList')[0])[1];
  const firstIndex = tokens.findIndex((token) => token.start === offset(Number(first.location ?? 0)));
  const word = (index: number) => tokens[index]?.text.toLowerCase() ?? '';
  const selectIndex = word(firstIndex - 1) === 'all' ? firstIndex - 2 : firstIndex - 1;
  if (firstIndex < 0 || word(selectIndex) !== 'select') return undefined;

  const items: Range[] = [];
  let from = tokens[firstIndex]?.start ?? 0;
  let last = from;
  let depth = 0;
  let inList = true;
  for (let index = firstIndex; index < tokens.length; index++) {
    const token = tokens[index] as Token;
    if ('(['.includes(token.text)) depth += 1;
    if (')]'.includes(token.text)) depth -= 1;
    if (depth < 0 || (depth === 0 && (token.text === ';' || endsBlock(word(index), word(index + 1))))) break;
    const endsList: boolean =
      depth === 0 &&
      inList &&
      listEnds.has(word(index)) &&
      !(word(index) === 'from' && word(index - 1) === 'distinct');
    if (inList && depth === 0 && (token.text === ',' || endsList)) {
      items.push([from, last]);
      from = tokens[index + 1]?.start ?? 0;
      inList = !endsList;
    }
    last = token.end;
  }
  if (inList) items.push([from, last]);
  return { selectAt: tokens[selectIndex]?.start ?? 0, items, end: last };
}

/** What may follow a SELECT of an INSERT or CREATE TABLE AS without belonging to it. */
function endsBlock(word: string, next: string): boolean {
  return (
    word === 'returning' ||
    (word === 'on' && next === 'conflict') ||
    (word === 'with' && ['data', 'no'].includes(next))
  );
}

function stage(block: Block, items: TargetItem[], hasWith: boolean, source: Source): Edit[] {
  const name = source.nextName();
  const columns: string[] = [];
  const column = () => {
    columns.push(`c${columns.length + 1}`);
    return `${name}.${columns.at(-1)}`;
  };
  const inner: Edit[] = [];
  const outer: Piece[] = [];
  for (const [index, item] of items.entries()) {
    if (index > 0) outer.push(', ');
    const [start, end] = item.range;
    switch (item.form) {
      case 'star':
        inner.push({ start, end, pieces: [item.rows.join(', ')] });
        outer.push(item.rows.map(() => `(${column()}).*`).join(', '));
        break;
      case 'constant':
        inner.push({ start, end, pieces: ['NULL'] });
        column();
        outer.push(item.range);
        break;
      case 'plain':
        outer.push(`${column()} AS ${quoted(item.name)}`);
        break;
      case 'call': {
        const submits = item.calls.flatMap((call): Piece[] => [', ', submitOf(call, source)].flat());
        const carried = item.columns.flatMap((range): Piece[] => [', ', range]);
        inner.push({ start, end, pieces: [...submits, ...carried].slice(1) });
        const inPlace = [
          ...item.calls.map((range) => ({ range, text: `hologen.wait_call(${column()})` })),
          ...item.columns.map((range) => ({ range, text: column() })),
        ];
        outer.push(...replaceRanges(item.expression, inPlace), ` AS ${quoted(item.name)}`);
      }
    }
  }
  const opening = `${hasWith ? ', ' : 'WITH '}${name} (${columns.join(', ')}) AS MATERIALIZED (`;
  const closing = ` FROM ${name} WHERE (SELECT count(*) FROM ${name}) IS NOT NULL`;
  return [
    { start: block.selectAt, end: block.selectAt, pieces: [opening] },
    ...inner,
    { start: block.end, end: block.end, pieces: [') SELECT ', ...outer, closing] },
  ];
}

/** `ai_gen(…)` as a submit: another name, the same arguments. */
function submitOf([start, end]: Range, { tokens }: Source): Piece[] {
  const open = tokens.find((token) => token.start >= start && token.text === '(');
  return ['hologen.submit_call', [open?.start ?? start, end]];
}

function replaceRanges([start, end]: Range, replacements: { range: Range; text: string }[]): Piece[] {
  const pieces: Piece[] = [];
  let at = start;
  for (const { range, text } of [...replacements].sort((a, b) => a.range[0] - b.range[0])) {
    pieces.push([at, range[0]], text);
    at = range[1];
  }
  pieces.push([at, end]);
  return pieces;
}

/** INSERT … VALUES: one row of all handles, made before the first value waits. */
function editValues(statement: ParsedStatement, source: Source): Edit[] {
  const values = insertedValues(statement).flatMap((list) => children(kindOf(list)[1], 'items'));
  const calling = values.filter(containsAiCall);
  if (calling.length === 0) return [];
  const context: ItemContext = { ...source, starTables: undefined, isTable: () => false };
  const calls = calling.map((value) => callsOf(value, context));
  if (!calls.every((each) => each !== undefined)) return [];
  const ranges = calls.flat();
  if (ranges.length < 2 || ranges.length > mostValueCalls) return [];
  const insert = source.tokens.find(
    (token) => token.start >= statement.start && token.text.toLowerCase() === 'insert',
  );
  if (!insert) return [];
  const name = source.nextName();
  const hasWith = kindOf(
    statement.kind === 'PrepareStmt' ? (statement.node as Body).query : { InsertStmt: statement.node },
  )[1].withClause;
  const columns = ranges.map((_, index) => `c${index + 1}`);
  const submits = ranges.flatMap((range): Piece[] => [', ', ...submitOf(range, source)]).slice(1);
  return [
    {
      start: insert.start,
      end: insert.start,
      pieces: [
        `${hasWith ? ', ' : 'WITH '}${name} (${columns.join(', ')}) AS MATERIALIZED (SELECT `,
        ...submits,
        ') ',
      ],
    },
    ...ranges.map(([start, end], index) => ({
      start,
      end,
      pieces: [`hologen.wait_call((SELECT ${columns[index]} FROM ${name}))`],
    })),
  ];
}

function callsOf(value: AnyNode, context: ItemContext): Range[] | undefined {
  const item = readItem({ ResTarget: { val: value, name: 'value' } }, [0, 0], context);
  return item?.form === 'call' && item.columns.length === 0 ? item.calls : undefined;
}
