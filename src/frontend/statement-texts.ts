/** Remembers the client's text for each rewritten one: the ledger shows it, and how many calls to start depends on it. */
import { aiFunctionNamed, mentionsAiFunction } from '../rewriter/ai-functions.js';

export interface ClientText {
  text: string;
  /** PostgreSQL suspends it after as many rows as the client asked for. */
  stopsAtRows: boolean;
}

export interface StatementTexts {
  remember(engineText: string, client: ClientText): void;
  /** The client's text for an engine's text, whose beginning is enough. A text that was not rewritten is returned as it is. */
  originalOf(engineText: string): ClientText;
}

/** How many characters of a statement the engine's functions send with a call. */
const longestKept = 10_000;
const mostRemembered = 1_000;

export function createStatementTexts(): StatementTexts {
  const texts = new Map<string, ClientText>();
  return {
    remember(engineText, { text, stopsAtRows }) {
      const key = engineText.slice(0, longestKept);
      texts.delete(key);
      texts.set(key, { text: text.slice(0, longestKept), stopsAtRows });
      const [oldest] = texts.keys();
      if (texts.size > mostRemembered && oldest !== undefined) texts.delete(oldest);
    },
    originalOf: (engineText) =>
      texts.get(engineText.slice(0, longestKept)) ?? {
        text: engineText,
        stopsAtRows: !runsToItsEnd.test(engineText),
      },
  };
}

/** However few of its rows are asked for. */
const runsToItsEnd = /^\s*execute\b/i;

const reads = /^\s*(select|with|values|table|declare)\b/i;
const fetches = /^\s*fetch\b/i;
const oneStatement = /^[^;]*;?\s*$/;
const mayWrite = /\b(insert|update|delete|merge|into|create|call|do)\b/i;
/** Functions, and words before a parenthesis, that write nothing and hide no call. */
const harmless = new Set(
  (
    'select from where and or not in as any all exists values over filter array row on using case when then else lateral between like union ' +
    'materialized case by limit offset ' +
    'to_file json_build_object jsonb_build_object json_build_array jsonb_build_array json_agg jsonb_agg array_agg string_agg to_json to_jsonb ' +
    'coalesce nullif greatest least concat concat_ws format lower upper trim left right substr substring replace length cast ' +
    'generate_series unnest count sum min max avg round row_number json_array_elements json_array_elements_text jsonb_array_elements ' +
    'json_each json_each_text now current_date numeric varchar char decimal'
  ).split(' '),
);

/**
 * A query whose calls stand in it for all to see. Judged by its words, and in doubt not: where a call stands in a function that is not known
 * here, its result may be written somewhere, and be lost with a rollback. `declaredBy`: the text of the cursor that it reads, if it is known.
 */
export function onlyReads(text: string, declaredBy?: string): boolean {
  if (fetches.test(text)) return declaredBy !== undefined && oneStatement.test(text) && onlyReads(declaredBy);
  const sql = withoutTexts(text);
  if (!sql || !reads.test(sql) || mayWrite.test(sql) || !mentionsAiFunction(sql)) return false;
  return [...sql.matchAll(called)].every(([, schema, name = '']) => {
    const isOurs = schema === undefined || /^(?:pg_catalog|hologen)\s*\.$/i.test(schema);
    // A name in quotes is told by its letters' case, too.
    const own = name.startsWith('"') ? name.slice(1, -1) : name.toLowerCase();
    return isOurs && (harmless.has(own) || aiFunctionNamed(own) !== undefined);
  });
}

const name = String.raw`(?:"(?:[^"]|"")+"|[\w$\u0080-\uffff]+)`;
/** From where a name begins: from each of its letters, a long one would take the square of its length. */
const called = new RegExp(String.raw`(?<![\w$\u0080-\uffff"])(${name}\s*\.\s*)?(${name})\s*\(`, 'g');
/** Of which it cannot be told with one look where they end. */
const otherTexts = /(?<![\w$])(?:e|u&)'|\$\w*\$/i;
const textsAndComments = /'(?:[^']|'')*'|("(?:[^"]|"")*")|--[^\n\r]*|\/\*[\s\S]*?\*\//g;

/** Texts in quotes and comments are no SQL. Undefined: it is not known what is. */
function withoutTexts(text: string): string | undefined {
  if (otherTexts.test(text)) return undefined;
  const sql = text.replace(textsAndComments, (_all, quotedName?: string) => quotedName ?? ' ');
  return /\/\*|\*\//.test(sql) ? undefined : sql;
}
