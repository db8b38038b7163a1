/** What PostgreSQL reads once, when what it stands in is prepared: literals by the moment and by settings, operators and types by the search path. */
import { child, hasNode, nameList, walk } from '../nodes.js';
import { nodesOf, parseStatements } from '../parse.js';

export interface ReadOnce {
  /** now, today and the like. */
  moments: boolean;
  /** Which settings they are read by: those of times, of strings, of arrays, of comparisons with NULL. */
  kinds: string[];
  /** Names without schemas, also of what is written out in the plan. */
  operators: string[];
  types: string[];
}

const moment = /^\s*(?:now|today|tomorrow|yesterday|allballs)\b/i;

export function readOnceIn(text: string): ReadOnce {
  const nodes = nodesOf(parseStatements(text));
  const kinds = new Set<string>();
  const operators = new Set<string>();
  const types = new Set<string>();
  let moments = false;
  walk(nodes, (kind, body) => {
    if (kind === 'A_Expr') operators.add(nameList(body.name).at(-1) ?? '');
    if (kind === 'TypeCast') types.add(nameList(child(body, 'typeName').names).at(-1) ?? '');
    const said = kind === 'A_Const' ? (body.sval as { sval?: string } | undefined)?.sval : undefined;
    if (said === undefined) return true;
    moments ||= moment.test(said);
    if (/\d\s*[-/:.]\s*\w/.test(said)) kinds.add('times');
    if (/^\s*\{.*null/i.test(said)) kinds.add('arrays');
    if (said.includes('\\')) kinds.add('strings');
    return true;
  });
  if (hasNode(nodes, (kind, body) => kind === 'A_Const' && body.isnull === true)) kinds.add('nulls');
  return { moments, kinds: [...kinds], operators: [...operators], types: [...types] };
}
