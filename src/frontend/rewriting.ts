/** What becomes of a client's text before the engine sees it, and how what the engine says of it is told in the client's words. */
import type { Logger } from 'pino';
import { callsOfAiFunctions, mentionsAiFunction } from '../rewriter/ai-functions.js';
import { askedBefore } from '../rewriter/asked-before.js';
import { ownTag, type RewrittenText, rewriteText, translateError } from '../rewriter/rewrite.js';
import { noticeResponse } from '../wire/replies.js';
import { longestOnTheSpot, type SessionEvents, type Treatment } from './conversation.js';
import type { LongTexts } from './long-texts.js';
import type { StatementTexts } from './statement-texts.js';

/** A mistake of the rewriter must not cost the user the statement: it runs as it was written. */
export function rewriteStatements(
  texts: StatementTexts,
  longTexts: LongTexts,
  log: Logger,
): SessionEvents['rewrite'] {
  const treat = (text: string, rewritten: RewrittenText | undefined): Treatment => {
    if (!rewritten) return mentionsAiFunction(text) ? watched(text) : undefined;
    const unless = rewritten.unsure && askedBefore(text, rewritten.unsure);
    if (unless === 'as it is written') return watched(text);
    texts.remember(rewritten.text, { text, stopsAtRows: rewritten.stopsAtRows });
    return {
      text: rewritten.text,
      isOther: true,
      translateError: (fields) => translateError(rewritten, fields),
      tagOf: (index, tag) => ownTag(rewritten, index, tag),
      ...(unless && { unless: { query: unless, otherwise: watched(text) } }),
    };
  };
  return (text) => {
    if (text.length > longestOnTheSpot)
      return longTexts
        .rewrite(text)
        .then((outcome) =>
          'left' in outcome ? leftAsWritten(text, outcome.left) : treat(text, outcome.rewritten),
        );
    try {
      return treat(text, rewriteText(text));
    } catch (error) {
      log.error({ err: error }, 'a statement could not be rewritten');
      return undefined;
    }
  };
}

/** The engine may ask for its parameters, and for how many of its rows are wanted. */
function watched(text: string): Treatment {
  return { text, isOther: false, translateError: () => false, tagOf: () => undefined };
}

/** A text that makes no call of its own has nothing to wait longer for. */
function leftAsWritten(text: string, why: string): Treatment {
  if (callsOfAiFunctions(text) === 0) return undefined;
  return {
    notice: noticeResponse({
      message: `the calls of this statement are made one after another: ${why}`,
      hint: 'Read the prompts from a table, or send fewer rows in a statement: then they are made at once.',
    }),
  };
}
