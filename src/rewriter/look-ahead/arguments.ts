/** A function's parameters in a query of its body, as the values that the client's statement gives them: only what nothing can have changed. */
import { type AnyNode, type Body, child, children, kindOf, nameList, walk } from '../nodes.js';
import { firstOutside, nodesOf, parseFunction, scanTokens, tokenAt } from '../parse.js';
import { readSource, type Source } from '../source.js';
import { splice, unedited } from '../spliced-text.js';
import { listedValues } from './assigned.js';

/** A function that the client's statement calls itself. */
export interface Called {
  /** As the engine tells it. */
  name: string;
  /** CREATE FUNCTION. */
  source: string;
  clientText: string;
}

/**
 * The query with values in place of parameters. PL/pgSQL refuses a name that stands for a parameter and a column, so that each such name here is
 * the parameter.
 */
export function withArguments(query: string, called: Called): string {
  const values = knownValues(called);
  const read = values.size > 0 ? readSource(query) : undefined;
  if (!read) return query;
  let hidden = false;
  const edits = new Map<number, string>();
  walk(nodesOf(read.statements), (kind, body) => {
    // ORDER BY and GROUP BY may mean it.
    hidden ||= kind === 'ResTarget' && values.has(String(body.name));
    const [name = '', more] = kind === 'ColumnRef' ? nameList(body.fields) : [];
    const value = more === undefined ? values.get(name) : undefined;
    if (value !== undefined) edits.set(read.offset(body.location), value);
    return true;
  });
  if (hidden) return query;
  const places = [...edits].map(([start, value]) => {
    const end = read.tokens[tokenAt(read.tokens, start)]?.end ?? start;
    return { start, end, pieces: [value] };
  });
  return splice(
    unedited(query),
    places.sort((a, b) => a.start - b.start),
  ).text;
}

/** By the parameter's name, as SQL of its type. */
function knownValues({ name, source, clientText }: Called): Map<string, string> {
  const none = new Map<string, string>();
  const definition = readSource(source);
  const [create] = definition?.statements ?? [];
  const given = literalsOf(name, clientText);
  if (!definition || create?.kind !== 'CreateFunctionStmt' || !given) return none;
  const parameters = children(create.node as Body, 'parameters').map((each) => kindOf(each)[1]);
  const modes = new Set(parameters.map(({ mode }) => String(mode)));
  if (modes.has('FUNC_PARAM_INOUT') || modes.has('FUNC_PARAM_VARIADIC')) return none;
  const taken = parameters.filter(({ mode }) =>
    ['FUNC_PARAM_IN', 'FUNC_PARAM_DEFAULT'].includes(String(mode)),
  );
  if (taken.length !== given.length) return none;
  const unchanged = unchangedNames(source);
  return new Map(
    taken.flatMap((parameter, index) => {
      const own = String(parameter.name ?? '');
      const type = typeOf(child(parameter, 'argType'), definition);
      return unchanged.has(own) ? [[own, `((${given[index]})::${type})`] as const] : [];
    }),
  );
}

/** As it is written, of a parameter or of what the function returns. */
export function typeOf(type: AnyNode, { tokens, offset, text }: Source): string {
  const first = tokenAt(tokens, offset(type.location));
  const end = firstOutside(tokens, first, (word) => [',', ')', 'default', 'language'].includes(word));
  return text.slice(tokens[first]?.start, tokens[end - 1]?.end);
}

/** The arguments of the only call of the function, if all of them are literals. */
function literalsOf(name: string, text: string): string[] | undefined {
  const last = lastName(name);
  const read = readSource(text);
  const calls: Body[] = [];
  walk(nodesOf(read?.statements), (kind, body) => {
    const call = kind === 'CallStmt' ? child(body, 'funccall') : kind === 'FuncCall' ? body : undefined;
    if (call && nameList(call.funcname).at(-1) === last) calls.push(call);
    return true;
  });
  const [call, more] = calls;
  if (!read || !call || more || !children(call, 'args').every(isLiteral)) return undefined;
  const { tokens, offset } = read;
  const open = tokens.findIndex(({ text: word, start }) => word === '(' && start > offset(call.location));
  const texts = listedValues(open, read).map(([start, end]) => text.slice(start, end));
  return texts.length === children(call, 'args').length ? texts : undefined;
}

function isLiteral(node: AnyNode): boolean {
  const [kind, body] = kindOf(node);
  return kind === 'A_Const' || (kind === 'TypeCast' && kindOf(body.arg)[0] === 'A_Const');
}

function lastName(name: string): string {
  const word = scanTokens(name)?.at(-1)?.text ?? '';
  return word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word;
}

/** Variables that the function assigns nothing to, and whose name no other one has. The parser leaves out numbers that are 0. */
function unchangedNames(source: string): Set<string> {
  const parsed = parseFunction(source);
  const declared: Body[] = [];
  walk(parsed, (kind, body) => {
    if (kind === 'PLpgSQL_function') declared.push(body);
    return true;
  });
  const [body = {}] = declared;
  const names = children(body, 'datums').map((datum) => String(kindOf(datum)[1].refname ?? ''));
  const changed = new Set<string>();
  let calls = false;
  walk(body.action, (kind, node) => {
    // A procedure gives values back in its arguments.
    calls ||= kind === 'PLpgSQL_stmt_call';
    const number = assigning[kind];
    if (number) changed.add(names[Number(node[number] ?? 0)] ?? '');
    // Loops and INTO name what they assign to.
    if (node.refname !== undefined) changed.add(String(node.refname));
    for (const field of children(node, 'fields')) changed.add(String(field.name));
    return true;
  });
  const isOnly = (name: string) => names.indexOf(name) === names.lastIndexOf(name);
  return new Set(calls ? [] : names.filter((name) => isOnly(name) && !changed.has(name)));
}
const assigning: Record<string, string> = {
  PLpgSQL_stmt_assign: 'varno',
  PLpgSQL_stmt_foreach_a: 'varno',
  PLpgSQL_diag_item: 'target',
};
