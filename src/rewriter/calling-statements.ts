/** Of a text of several statements those that may make calls: what else a client sent along is nobody's business who reads the ledger. */
import { scanTokens, type Token } from './parse.js';

/** A semicolon that is not the end. */
const isSeveral = /;\s*\S/;

/**
 * Statements that make no call, by their first words: they define, set, or speak of roles and transactions. Rather one too few than one too
 * many: an INSERT may call by a trigger, a SELECT by a view.
 */
const callsNothing = new RegExp(
  [
    String.raw`(create|alter|drop) (role|user|group|server|subscription|publication|foreign data)\b`,
    String.raw`create (or replace )?(temp |temporary )?(function|procedure|view|trigger|rule|type|schema|sequence|extension|policy)\b`,
    String.raw`alter (default|database|system|function|procedure|extension)\b`,
    String.raw`(set|reset|show|begin|start|commit|end|rollback|abort|savepoint|release|grant|revoke|reassign)\b`,
    String.raw`(listen|unlisten|notify|discard|deallocate|prepare|lock|comment|security|load|checkpoint)\b`,
    String.raw`call (hologen \. )?(register_external_model|add_external_model|delete_external_model)\b`,
    String.raw`call (hologen \. )?(set_budget|remove_budget|grant_model|revoke_model)\b`,
  ]
    .map((words) => `^${words}`)
    .join('|'),
);
const firstWords = 6;

/** Where a text has no statement that may call: it begins behind what was kept of the text. */
const beyond = '…';
/** What the engine's functions send of a text: in a longer one the calling statement may not be in sight. */
export const longestSentCharacters = 10_000;

/**
 * The text itself where it is one statement. `text` may be cut at its end; statements are told apart by PostgreSQL's own rules of quotes,
 * comments and parentheses. Which of several ran cannot be told: PostgreSQL gives each the whole text and the same time.
 */
export function callingStatements(text: string): string {
  if (!isSeveral.test(text) && text.length < longestSentCharacters) return text;
  const tokens = tokensOf(text);
  if (!tokens) return text;
  const statements = statementsOf(tokens);
  const calling = statements.filter(mayCall);
  if (statements.length < 2 && calling.length > 0) return text;
  return calling.map((own) => text.slice(own[0]?.start, own.at(-1)?.end)).join('; ') || beyond;
}

/** What may be open where a text was cut. Of dollar quotes each that the text has. */
function* closings(text: string): Generator<string> {
  yield* ['', "'", '"', '*/'];
  yield* new Set(text.match(/\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/g));
}
const mostTries = 20;

function tokensOf(text: string): Token[] | undefined {
  let tries = 0;
  for (const closing of closings(text)) {
    const tokens = scanTokens(text + closing);
    if (tokens || ++tries === mostTries) return tokens;
  }
  return undefined;
}

/** The body of a function in SQL (BEGIN ATOMIC … END) and the actions of a rule, in parentheses, have semicolons of their own. */
function statementsOf(tokens: Token[]): Token[][] {
  const statements: Token[][] = [[]];
  let depth = 0;
  let atomic = 0;
  for (const token of tokens) {
    const word = token.text.toLowerCase();
    if (word === '(') depth += 1;
    if (word === ')') depth -= 1;
    if (word === 'atomic' || (atomic > 0 && word === 'case')) atomic += 1;
    if (word === 'end' && atomic > 0) atomic -= 1;
    if (word === ';' && depth <= 0 && atomic === 0) statements.push([]);
    else statements.at(-1)?.push(token);
  }
  return statements.filter((own) => own.length > 0);
}

function mayCall(own: Token[]): boolean {
  const words = own.map(({ text }) => text.toLowerCase());
  if (callsNothing.test(words.slice(0, firstWords).join(' '))) return false;
  return !/^(select|values)$/.test(words[0] ?? '') || reads(words);
}

/** Words before a parenthesis that are no function. */
const notFunctions = new Set(
  'select values in and or not as on any all distinct when then else case'.split(' '),
);

/** A query that names a function or a table; operators and casts are not looked into: nobody hides calls there. */
function reads(words: string[]): boolean {
  return words.some((word, index) => {
    if (word === 'from' || word === 'table' || word === 'into') return true;
    const before = words[index - 1] ?? '';
    return word === '(' && /^["\w\u0080-\uffff]/.test(before) && !notFunctions.has(before);
  });
}
