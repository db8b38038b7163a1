/** How deep and how manifold JSON of a client may be: what walks through it must fit on a stack, and keep nobody else waiting. */
import { KnownError } from './errors.js';

/** Deeper than anybody means it, and far from where a stack ends. */
const deepest = 256;
/** Fields and items together. */
const mostValues = 50_000;

/** Refuses a JSON object (any other text is a plain prompt) before anything has to be built of it: 54000. `what` is how a person knows the text. */
export function refuseBoundless(what: string, text: string): void {
  if (!text.trimStart().startsWith('{')) return;
  const { depth, values } = shapeOf(text);
  if (depth <= deepest && values <= mostValues) return;
  // A prompt may begin like an object and be none. V8 parses without a stack.
  if (!isJson(text)) return;
  throw new KnownError({
    kind: 'programLimitExceeded',
    message:
      depth > deepest
        ? `${what} is nested more than ${deepest} levels deep`
        : `${what} has more than ${mostValues} fields and items`,
    hint: 'Pass what belongs to a prompt as text, (…)::text, and leave out the rest.',
  });
}

const quote = 0x22;
const backslash = 0x5c;
const openers = new Set([0x5b, 0x7b]);
const closers = new Set([0x5d, 0x7d]);
const comma = 0x2c;

/** Of JSON, by its signs outside of texts. Stops where it is too much. */
function shapeOf(text: string): { depth: number; values: number } {
  let [level, depth, values] = [0, 0, 1];
  for (let at = 0; at < text.length && depth <= deepest && values <= mostValues; at++) {
    const sign = text.charCodeAt(at);
    if (sign === quote) at = endOfText(text, at);
    else if (sign === comma) values++;
    else if (openers.has(sign)) depth = Math.max(depth, ++level);
    else if (closers.has(sign)) level--;
  }
  return { depth, values };
}

/** The place of the quote that closes the text whose opening one is at `from`. */
function endOfText(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
