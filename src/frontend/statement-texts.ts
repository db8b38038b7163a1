/** Remembers the client's text for each rewritten one: the ledger shows it, and how many calls to start depends on it. */
import { mentionsAiFunction } from '../rewriter/ai-functions.js';

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
      texts.get(engineText.slice(0, longestKept)) ?? { text: engineText, stopsAtRows: true },
  };
}

const reads = /^\s*(select|with|values|table|fetch|declare)\b/i;
const fetches = /^\s*fetch\b/i;
const mayWrite = /\b(insert|update|delete|merge|into|create|call|do)\b/i;

/**
 * A query whose calls stand in it for all to see. Judged by its words, and in doubt not: where a call stands in a function, its result may
 * be written somewhere, and be lost with a rollback.
 */
export function onlyReads(text: string): boolean {
  return reads.test(text) && !mayWrite.test(text) && (mentionsAiFunction(text) || fetches.test(text));
}
