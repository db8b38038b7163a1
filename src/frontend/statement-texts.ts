/** What the client wrote where the engine was given other words: the ledger shows it, and the window of rows depends on it. */

export interface ClientText {
  text: string;
  /** PostgreSQL stops it after as many rows as the client asks for. */
  stopsAtRows: boolean;
}

export interface StatementTexts {
  remember(engineText: string, client: ClientText): void;
  /** The client's text for an engine's one, of which the beginning is enough; a text that was not rewritten is its own. */
  originalOf(engineText: string): ClientText;
}

/** As much of a statement as the engine's functions send along with a call, in characters. */
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
