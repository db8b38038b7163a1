/** The client's own words for statements that went to the engine in others, so that the ledger shows what somebody wrote. */

export interface StatementTexts {
  remember(engineText: string, clientText: string): void;
  /** The client's text for an engine's one, of which the beginning is enough; a text that was not rewritten is its own. */
  originalOf(engineText: string): string;
}

/** As much of a statement as the engine's functions send along with a call, in characters. */
const longestKept = 10_000;
const mostRemembered = 1_000;

export function createStatementTexts(): StatementTexts {
  const texts = new Map<string, string>();
  return {
    remember(engineText, clientText) {
      const key = engineText.slice(0, longestKept);
      texts.delete(key);
      texts.set(key, clientText.slice(0, longestKept));
      const [oldest] = texts.keys();
      if (texts.size > mostRemembered && oldest !== undefined) texts.delete(oldest);
    },
    originalOf: (engineText) => texts.get(engineText.slice(0, longestKept)) ?? engineText,
  };
}
