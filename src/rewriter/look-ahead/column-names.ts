/**
 * A call that is looked for is another function's, and a column without a name of its own is called as its function: where names become values
 * (a row as JSON), what is asked about them would be something else.
 */
import { aiFunctionNamed } from '../ai-functions.js';
import { columnName } from '../column-name.js';
import { type AnyNode, type Body, child, children, isAiCall, kindOf, nameList, walk } from '../nodes.js';
import { firstTokenFrom } from '../parse.js';
import type { Source } from '../source.js';
import type { Edit } from '../spliced-text.js';
import { callRange, quoted } from '../target-items.js';

/** Gives such columns their names; undefined: of one that is a value somewhere the name cannot be written. */
export function namesOfColumns(node: AnyNode, source: Source): Edit[] | undefined {
  const edits: Edit[] = [];
  let isOpen = false;
  const items: Body[] = [];
  walk(node, (kind, body) => {
    if (kind === 'SelectStmt') items.push(...children(body, 'targetList').map((item) => kindOf(item)[1]));
    return true;
  });
  for (const item of items.filter((each) => each.name === undefined)) {
    const value = child(item, 'val');
    const [kind, call] = kindOf(value);
    const name = columnName(value);
    if (name !== undefined && isAiCall(kind, call) && !isInParentheses(call, source)) {
      const [, end] = callRange(source, call);
      edits.push({ start: end, end, pieces: [` AS ${quoted(name)}`] });
    } else isOpen ||= kind === 'ParamRef' || aiFunctionNamed(name) !== undefined;
  }
  return isOpen && readsWholeRows(node) ? undefined : edits;
}

function isInParentheses(call: Body, { tokens, offset }: Source): boolean {
  const at = firstTokenFrom(tokens, offset(call.location));
  // Its name may have a schema before it, where its location is.
  return tokens[at - 1]?.text === '(';
}

/** `row_to_json(t)`, `row_to_json(t.*)`, `t::text`: a row that is a value. */
function readsWholeRows(node: AnyNode): boolean {
  const rows = new Set<string>();
  walk(node, (kind, body) => {
    const alias = child(body, 'alias').aliasname;
    if (['RangeVar', 'RangeSubselect', 'RangeFunction', 'JoinExpr'].includes(kind))
      rows.add(String(alias ?? body.relname));
    return true;
  });
  let found = false;
  // What the statement itself gives nobody asks about.
  const given = new Set(outerItems(kindOf(node)[1]));
  walk(node, (kind, body) => {
    if (given.has(body) && kindOf(child(body, 'val'))[0] === 'ColumnRef') return false;
    const [first, second] = children(body, 'fields').map((field) => kindOf(field));
    if (kind === 'ColumnRef')
      found ||= second?.[0] === 'A_Star' || (!second && rows.has(nameList(body.fields)[0] ?? ''));
    return first === undefined || !found;
  });
  return found;
}

function outerItems(select: Body): Body[] {
  if (select.larg || select.rarg) return [child(select, 'larg'), child(select, 'rarg')].flatMap(outerItems);
  return children(select, 'targetList').map((item) => kindOf(item)[1]);
}
