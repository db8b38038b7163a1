/** Recognises expressions that may be evaluated twice in one statement: same result, no side effects. */
import { isOwnName } from './ai-functions.js';
import { type Body, isAiCall, nameList, walk } from './nodes.js';
import { isOwnSubselect } from './source.js';

/** Built-in functions that are not volatile, and aggregates whose result does not depend on the order of their rows. */
const stableFunctions = words(`
  abs age array_length array_position array_to_string array_upper bool_and bool_or btrim cardinality ceil
  ceiling char_length concat concat_ws count date_part date_trunc extract floor format generate_series
  hashtextextended initcap json_array_elements json_array_elements_text json_array_length json_build_array
  json_build_object json_each json_each_text json_extract_path json_extract_path_text json_typeof
  jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object
  jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_pretty jsonb_typeof left
  length like_escape lower lpad ltrim make_date max md5 min mod now octet_length overlay pg_typeof position
  power quote_ident quote_literal regexp_match regexp_replace repeat replace reverse right round row_security_active rpad rtrim
  similar_to_escape split_part sqrt starts_with string_to_array strpos substr substring timezone to_char
  to_date to_hex to_json to_jsonb to_number to_timestamp translate trim trunc unnest upper
`);
/** Volatile functions that read no table: they may be evaluated earlier, but not twice. */
const tablelessFunctions = words(`
  clock_timestamp fl_get_content_type fl_get_etag fl_get_file_type fl_get_last_modified fl_get_size gen_random_uuid random
  to_file try_to_file uuidv4 uuidv7
`);

function words(text: string): Set<string> {
  return new Set(text.trim().split(/\s+/));
}

const repeatableNodes =
  words(`A_ArrayExpr A_Const A_Expr A_Indices A_Indirection Alias BitString Boolean BooleanTest BoolExpr
  CaseExpr CaseWhen CoalesceExpr CollateClause ColumnDef ColumnRef Float Integer JoinExpr List MinMaxExpr NullTest ParamRef
  RangeFunction RangeSubselect RangeVar ResTarget RowExpr SQLValueFunction String A_Star SubLink TypeCast TypeName`);

/** Clauses that may make a sub-select return different rows the next time. */
const unstableClauses = [
  'distinctClause',
  'limitCount',
  'limitOffset',
  'lockingClause',
  'windowClause',
  'withClause',
];

/** PostgreSQL's own operators: one of somebody's own may be a coalesce, or make a call. */
const operators = words(`
  = <> != < > <= >= + - * / % ^ || ~ !~ ~* !~* ~~ !~~ ~~* !~~* -> ->> #> #>> @> <@ ? ?| ?& && & | # << >> ^@ @@ @? #-
`);

/** Aggregates and window functions that are the engine's own. */
const aggregates = words(`
  array_agg avg bit_and bit_or count dense_rank every first_value json_agg json_object_agg jsonb_agg jsonb_object_agg lag last_value lead
  max min mode ntile percent_rank percentile_cont rank row_number stddev string_agg sum variance
`);

/**
 * False if the statement uses a function or an operator that is not known here: it may read what the statement writes, tell the text that is run, or be
 * evaluated another number of times. Then the statement stays as it was written, and the engine itself says what can be made at once.
 */
export function usesKnownFunctions(node: unknown): boolean {
  return holdsFor(node, (kind, body) => {
    if (kind === 'A_Expr') return operators.has(nameList(body.name).at(-1) ?? '');
    if (kind !== 'FuncCall' || isAiCall(kind, body) || isOwnFunction(body)) return true;
    return [stableFunctions, tablelessFunctions, aggregates].some((functions) => isCallOf(functions, body));
  });
}

/** True if something in it gives another value each time: a second evaluation would not tell what the first one asks for. */
export function isTurnedByChance(node: unknown): boolean {
  return callsOneOf(chance, node);
}
const chance = words('clock_timestamp gen_random_uuid random uuidv4 uuidv7 nextval');

/** True if it takes numbers of a sequence. */
export function takesNumbers(node: unknown): boolean {
  return callsOneOf(numbers, node);
}
const numbers = words('nextval setval');

function callsOneOf(functions: Set<string>, node: unknown): boolean {
  return !holdsFor(node, (kind, body) => kind !== 'FuncCall' || !isCallOf(functions, body));
}

/** For a condition or a part of FROM. Operators, casts and views are not looked into: nobody hides side effects there. */
export function isRepeatable(node: unknown): boolean {
  return holdsFor(node, (kind, body) => {
    if (kind === 'FuncCall') return isCallOf(stableFunctions, body) && !body.over;
    if (kind === 'SelectStmt') return unstableClauses.every((clause) => body[clause] === undefined);
    return repeatableNodes.has(kind);
  });
}

/** For the arguments of a call: true if nothing in them could see what the statement did to earlier rows. */
export function isTableless(node: unknown): boolean {
  return holdsFor(node, (kind, body) => {
    if (kind === 'FuncCall')
      return (
        (isCallOf(stableFunctions, body) || isCallOf(tablelessFunctions, body) || isOwnFunction(body)) &&
        !body.over
      );
    if (kind === 'SubLink') return isOwnSubselect(body);
    return kind === 'SelectStmt' || repeatableNodes.has(kind);
  });
}

/** The numbers of the parameters below a node. */
export function parametersOf(node: unknown): Set<number> {
  const found = new Set<number>();
  walk(node, (kind, body) => {
    if (kind === 'ParamRef') found.add(Number(body.number));
    return true;
  });
  return found;
}

/** True if a parameter stands in two places: its type comes from the first one, and a rewritten statement may have another first. */
export function repeatsParameters(node: unknown): boolean {
  const seen = new Set<unknown>();
  return !holdsFor(node, (kind, body) => {
    if (kind !== 'ParamRef') return true;
    const again = seen.has(body.number);
    seen.add(body.number);
    return !again;
  });
}

function holdsFor(node: unknown, allows: (kind: string, body: Body) => boolean): boolean {
  let holds = true;
  walk(node, (kind, body) => {
    holds &&= allows(kind, body);
    return holds;
  });
  return holds;
}

function isCallOf(functions: Set<string>, body: Body): boolean {
  const name = nameList(body.funcname);
  return functions.has(name.at(-1) ?? '') && (name.length === 1 || name[0] === 'pg_catalog');
}

/** What an earlier pass of the rewriter put into the arguments of a call that uses another call's result. */
function isOwnFunction(body: Body): boolean {
  return isOwnName(nameList(body.funcname).join('.'));
}
