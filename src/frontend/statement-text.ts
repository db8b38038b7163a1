/** Finds the texts in Query and Parse frames that may concern the gateway, and replaces them. */
import { isUtf8 } from 'node:buffer';
import { aiFunctions } from '../rewriter/ai-functions.js';
import { cursorWords } from '../rewriter/cursor-steps.js';
import type { Replacement } from '../wire/frames.js';
import { frontendType } from '../wire/message-types.js';
import { replaceText } from '../wire/replies.js';
import { isRoutine, keepRoutine } from './routine-texts.js';

/** In a cursor, which makes no call of rows that it keeps; or on, where no statement tells how far. */
export const goingBack =
  /\b(?:fetch|move)\s{1,20}(?:backward|prior|absolute|relative|first(?!\s{1,20}(?:\S{1,60}\s{1,20})?rows?\b)|last|-)|\bcursor_to_xml/i;

const ownWords = new RegExp(
  [
    ...aiFunctions.map(({ name }) => name),
    'hg_|optimizer_',
    // EXPLAIN (ai)
    String.raw`\(\s{0,10}ai\s{0,10}\)`,
    // COMMIT and ROLLBACK AND CHAIN: see the conversation.
    String.raw`\bchain\b`,
    goingBack.source,
    // Hologres' statements and table properties. "PARTITION (" does not match the PARTITION BY of window functions.
    // A name has an end: words of any length would be read from each place where one may begin.
    String.raw`(?:dynamic|object)\s+table|object\s*(?:--|\/\*)|logical\s+partition|partition\s*\(|partition_\w{1,60}\s*[=,)]`,
    'orientation|(?:distribution|clustering|segment)_key|event_time_column|(?:bitmap|dictionary_encoding)_columns',
    'time_to_live_in|storage_(?:mode|format)|table_group|colocate_with|mutate_type|vectors|binlog|keep_alive',
  ].join('|'),
  'i',
);

const words = new RegExp(`${ownWords.source}|${cursorWords.source}`, 'i');

/** It reads cursors, and says nothing else that matters. */
export function concernsCursorsOnly(text: string): boolean {
  return !ownWords.test(text);
}

/** True for a Query or Parse frame whose text has one of the words. */
function mayConcernUs(type: number, frame: Buffer): boolean {
  const start = textStart(type, frame);
  const end = frame.indexOf(0, start);
  // As Latin-1, which needs no decoding; the words looked for are ASCII.
  return start > 0 && end >= 0 && words.test(frame.toString('latin1', start, end));
}

/** True for such a frame in a chunk if one of the words stands anywhere in it. */
export function hasOurWords(chunk: Buffer, at: number, end: number): boolean {
  if (isRoutine(chunk, at + headerBytes, end)) return false;
  const text = chunk.toString('latin1', at + headerBytes, end);
  if (words.test(text)) return true;
  if (!counting.test(text)) keepRoutine(text);
  return false;
}
/** Of words near these it matters how long what stands between them is, numbers too. */
const counting = /fetch|move|declare|partition/i;
const headerBytes = 5;

/** Query: text. Parse: statement name, text, parameter types. 0: the name has no end. */
function textStart(type: number, frame: Buffer): number {
  return type === frontendType.query ? 5 : frame.indexOf(0, 5) + 1;
}

/** The frame with the new text, if `rewrite` returns one. */
export function rewriteFrame(
  type: number,
  frame: Buffer,
  rewrite: (text: string) => string | undefined | Promise<string | undefined>,
): Replacement {
  if (!mayConcernUs(type, frame)) return undefined;
  const start = textStart(type, frame);
  const end = frame.indexOf(0, start);
  // Latin-1 keeps the bytes of any other client_encoding as they are; all words that matter are ASCII.
  const encoding = isUtf8(frame.subarray(start, end)) ? 'utf8' : 'latin1';
  const replaced = (text: string | undefined) =>
    text === undefined ? undefined : replaceText(frame, start, end, Buffer.from(text, encoding));
  const text = rewrite(frame.toString(encoding, start, end));
  return text instanceof Promise ? text.then(replaced) : replaced(text);
}
