/** Remembers the client's text for each rewritten one: the ledger shows it, and how many calls to start depends on it. */

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
