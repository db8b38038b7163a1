/** The process that rewrites long texts: it gets one at a time, and a mistake ends it. Started by long-texts.ts. */
import { callsOfAiFunctions } from '../rewriter/ai-functions.js';
import { mostValueCalls } from '../rewriter/inserted-values.js';
import { loadParser } from '../rewriter/parse.js';
import { type RewrittenText, rewriteText } from '../rewriter/rewrite.js';

/** `mistake` is there, if only as undefined, where the process ends behind its answer. The rewritten text, undefined where there is nothing to change; or why its calls are made one after another. */
export type Answer = { rewritten: RewrittenText | undefined } | { left: string; mistake?: string };

/** Reading the answer takes the event loop some 20 ms at these sizes. */
const longestAnswer = 8 * 1024 * 1024;
const mostStretches = 20_000;

/** The parser's tree grows with the words, each of which takes 1,000 to 2,000 bytes; VALUES of 20,000 rows have 120,000. */
const mostWords = 250_000;

function answerFor(text: string): Answer {
  if (wordsOf(text) > mostWords) return { left: `it has more than ${mostWords} words and signs` };
  const rewritten = rewriteText(text);
  if (!rewritten)
    return callsOfAiFunctions(text) > mostValueCalls
      ? { left: `more than ${mostValueCalls} calls are written in it` }
      : { rewritten };
  const grown = rewritten.text.length > longestAnswer || rewritten.stretches.length > mostStretches;
  return grown ? { left: 'it would become too long' } : { rewritten };
}

/** Words, numbers and signs, a text in quotes being one: about as many as the grammar finds, counted without its memory. */
function wordsOf(text: string): number {
  let words = 0;
  let inQuotes = false;
  let inWord = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === quote) inQuotes = !inQuotes;
    const isWord = inQuotes || isWordCode[code] !== 0;
    if (!isWord ? code > space : !inWord) words += 1;
    inWord = isWord;
  }
  return words;
}

const quote = 0x27;
const space = 0x20;
/** Not 0 for letters, digits, the underscore and all that is not ASCII. */
const isWordCode = Uint8Array.from({ length: 128 }, (_, code) => +/\w/.test(String.fromCharCode(code)));

function answer(text: string): void {
  let said: Answer;
  try {
    said = answerFor(text);
  } catch (error) {
    // The parser is not to be used again after its stack was cut off.
    const tooDeep = error instanceof RangeError;
    const left = tooDeep ? 'it is nested too deeply' : 'it could not be rewritten';
    process.send?.({ left, mistake: tooDeep ? undefined : String(error) } satisfies Answer, () =>
      process.exit(),
    );
    return;
  }
  process.send?.(said);
}

await loadParser();
process.on('message', answer);
process.on('disconnect', () => process.exit());
