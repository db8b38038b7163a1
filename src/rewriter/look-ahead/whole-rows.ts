/**
 * Sub-selects beside a table that is written, of which some rows are read in no order: what writes needs their whole rows, and PostgreSQL finds
 * those in another way than a few columns of them, and so perhaps others.
 */
import { type AnyNode, type Body, child, children, hasNode, kindOf } from '../nodes.js';
import { quoted } from '../target-items.js';

/** Of items of a FROM; as items of a SELECT that reads all of their columns, each behind a comma. `ctes`: those that they may name. */
export function wholeRows(items: readonly AnyNode[], written: Body): string {
  const ctes = children(child(written, 'withClause'), 'ctes').map((each) => kindOf(each)[1]);
  return items.flatMap((item) => someOf(item, ctes)).join('');
}

function someOf(item: AnyNode, ctes: Body[]): string[] {
  const [kind, body] = kindOf(item);
  const alias = child(body, 'alias').aliasname;
  if (kind === 'JoinExpr' && alias === undefined)
    return [body.larg, body.rarg].flatMap((each) => someOf(each as AnyNode, ctes));
  const query = kind === 'RangeVar' ? ctes.find(({ ctename }) => ctename === body.relname)?.ctequery : item;
  const name = alias ?? body.relname;
  return query !== undefined && name !== undefined && takesSome(query) ? [`, ${quoted(String(name))}.*`] : [];
}

/** True where it depends on the way that they are found which rows a query gives. */
function takesSome(query: unknown): boolean {
  return hasNode(query, (kind, { limitCount, limitOffset, distinctClause }) => {
    const isOn =
      Array.isArray(distinctClause) && distinctClause.some((each) => Object.keys(each ?? {}).length > 0);
    return kind === 'SelectStmt' && (limitCount !== undefined || limitOffset !== undefined || isOn);
  });
}
