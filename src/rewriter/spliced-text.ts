/** Edits a text by splicing: untouched parts remember their place in the original, so that error positions can be mapped back. */

/** Part of the new text: either new, or a range of the original (UTF-16 offsets, end exclusive). */
export type Piece = string | [start: number, end: number];

export interface Edit {
  start: number;
  end: number;
  pieces: Piece[];
}

/** Where each stretch of the text comes from; anything between two stretches is new. */
export interface Stretch {
  at: number;
  original: number;
  length: number;
}

export interface SplicedText {
  text: string;
  stretches: Stretch[];
}

export function unedited(text: string): SplicedText {
  return { text, stretches: [{ at: 0, original: 0, length: text.length }] };
}

/** Applies edits, which must not overlap; the result's stretches point into the original of `before`. */
export function splice(before: SplicedText, edits: Edit[]): SplicedText {
  const out: string[] = [];
  const copied: Stretch[] = [];
  let length = 0;
  const copy = (start: number, end: number) => {
    if (end <= start) return;
    copied.push({ at: length, original: start, length: end - start });
    out.push(before.text.slice(start, end));
    length += end - start;
  };
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    copy(at, edit.start);
    for (const piece of edit.pieces) {
      if (typeof piece === 'string') {
        out.push(piece);
        length += piece.length;
      } else copy(...piece);
    }
    at = edit.end;
  }
  copy(at, before.text.length);
  return { text: out.join(''), stretches: copied.flatMap((stretch) => through(before.stretches, stretch)) };
}

/** A stretch of the intermediate text in terms of the original; it may be split where the intermediate text was edited. */
function through(earlier: Stretch[], stretch: Stretch): Stretch[] {
  const found: Stretch[] = [];
  const stop = stretch.original + stretch.length;
  for (let index = firstEndingBehind(earlier, stretch.original); index < earlier.length; index++) {
    const source = earlier[index] as Stretch;
    if (source.at >= stop) break;
    const start = Math.max(source.at, stretch.original);
    const end = Math.min(source.at + source.length, stop);
    found.push({
      at: stretch.at + start - stretch.original,
      original: source.original + start - source.at,
      length: end - start,
    });
  }
  return found;
}

/** Stretches are in the order of the text they make up, whatever the order of what they were taken from. */
function firstEndingBehind(stretches: Stretch[], at: number): number {
  let low = 0;
  let high = stretches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { at: start, length } = stretches[middle] as Stretch;
    if (start + length <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Maps an offset in the new text to the original; new text maps to the end of what precedes it. */
export function originalOffset(stretches: Stretch[], offset: number): number {
  let best = 0;
  for (const { at, original, length } of stretches) {
    if (offset >= at && offset < at + length) return original + offset - at;
    if (at + length <= offset) best = original + length;
  }
  return best;
}
