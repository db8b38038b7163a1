/**
 * Texts that nobody needs to look at again: programs send the same ones with other numbers, and looking for words takes longer than comparing
 * bytes.
 */

/** Each with a 0 for each of its numbers. */
const known: Buffer[] = [];
const mostKnown = 12;
const longestKnown = 400;
let next = 0;
let unknown = 0;

/** Keeping a text takes longer than looking at it: one of so many that were not known. */
const keptOfUnknown = 8;

const [zero, nine] = [0x30, 0x39];

/** True for bytes that are those of a text that was kept, but for numbers. */
export function isRoutine(chunk: Buffer, start: number, end: number): boolean {
  for (const each of known) if (isLike(each, chunk, start, end)) return true;
  return false;
}

/** What is read of a text is to be the same whatever numbers stand in it. */
export function keepRoutine(text: string): void {
  unknown += 1;
  if (text.length > longestKnown || unknown % keptOfUnknown !== 0) return;
  known[next] = Buffer.from(text.replace(/\d+/g, '0'), 'latin1');
  next = (next + 1) % mostKnown;
}

function isLike(text: Buffer, chunk: Buffer, start: number, end: number): boolean {
  let at = start;
  // By index: for … of over bytes takes several times as long.
  for (let i = 0; i < text.length; i++) {
    if (at >= end) return false;
    if (text[i] !== zero) {
      if (chunk[at] !== text[i]) return false;
      at += 1;
      continue;
    }
    const first = at;
    while (at < end && isDigit(chunk[at])) at += 1;
    if (at === first) return false;
  }
  return at === end;
}

function isDigit(byte = 0): boolean {
  return byte >= zero && byte <= nine;
}
