/** What becomes of a client's text before the engine sees it, and how what the engine says of it is told in the client's words. */
import type { Logger } from 'pino';
import { ownTag, rewriteText, translateError } from '../rewriter/rewrite.js';
import type { Rewritten } from './conversation.js';
import type { StatementTexts } from './statement-texts.js';

/** Undefined: the text goes as it is. A mistake of the rewriter must not cost the user the statement: it runs as it was written. */
export function rewriteStatements(
  texts: StatementTexts,
  log: Logger,
): (text: string) => Rewritten | undefined {
  return (text) => {
    try {
      const rewritten = rewriteText(text);
      if (!rewritten) return undefined;
      texts.remember(rewritten.text, { text, stopsAtRows: rewritten.stopsAtRows });
      return {
        text: rewritten.text,
        translateError: (fields) => translateError(rewritten, fields),
        tagOf: (index, tag) => ownTag(rewritten, index, tag),
      };
    } catch (error) {
      log.error({ err: error }, 'a statement could not be rewritten');
      return undefined;
    }
  };
}
