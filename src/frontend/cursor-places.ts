/**
 * Where the cursors and portals of a session's transaction stand. Rows are counted by what they are asked for, and not by what comes: where more were
 * asked for than there were the cursor is at its end, and no call will ever ask for its place.
 */
import type { CursorStep } from '../rewriter/cursor-steps.js';

/** Rows of a cursor that a message reads; `before`: so many were read before. Undefined: nobody knows where it stands. */
export interface CursorRead {
  name: string;
  /** Of the one statement that does it, as the engine has it. */
  text: string;
  before: number | undefined;
  after: number | undefined;
  isForward: boolean;
  /** Only this message reads, and does nothing else: when it fails nothing was read, or nothing can be read any more. */
  isOnly: boolean;
  /** Nothing is read: it is made. */
  isMade: boolean;
  place: Place;
}

interface Place {
  /** Behind all that was sent, and behind what of it was answered. */
  sent: number | undefined;
  answered: number | undefined;
  /** The text that declared it; undefined: a portal. */
  declaredBy: string | undefined;
}

export interface CursorPlaces {
  readonly places: Map<string, Place>;
  /** Something was sent that is not answered. */
  open: boolean;
}

/** The messages that are not answered, from the one that the engine is at. */
interface Awaited {
  first: Reading | undefined;
}

interface Reading {
  reads: CursorRead[] | undefined;
  next: Reading | undefined;
}

/** Who has more is not followed. */
const mostPlaces = 1_000;

export function createCursorPlaces(): CursorPlaces {
  return { places: new Map(), open: false };
}

/** A cursor or a portal is made, if there is none of its name. */
export function placeAtBegin(
  cursors: CursorPlaces,
  name: string,
  { declaredBy, isOnly }: { declaredBy?: string; isOnly: boolean },
): CursorRead {
  if (cursors.places.size > mostPlaces) cursors.places.clear();
  const place = { sent: 0, answered: undefined, declaredBy };
  cursors.places.set(name, place);
  cursors.open = true;
  return { name, text: '', before: 0, after: 0, isForward: true, isOnly, isMade: true, place };
}

/** What a message with these statements reads. */
export function readSteps(
  cursors: CursorPlaces,
  text: string,
  { steps, isOnly }: { steps: CursorStep[]; isOnly: boolean },
): CursorRead[] {
  return steps.map(({ name, rows, declares }) =>
    declares
      ? placeAtBegin(cursors, asBytes(name), { declaredBy: text, isOnly })
      : readRows(cursors, name, { rows, text, isOnly }),
  );
}

/** `name`: of the client's message if it is a portal's, which has no text. */
export function readRows(
  cursors: CursorPlaces,
  name: string,
  { rows, text, isOnly }: { rows: number | undefined; text?: string; isOnly: boolean },
): CursorRead {
  const { places } = cursors;
  const known = text === undefined ? name : asBytes(name);
  if (places.size > mostPlaces) places.clear();
  const place = places.get(known) ?? { sent: undefined, answered: undefined, declaredBy: undefined };
  places.set(known, place);
  const before = place.sent;
  place.sent = before === undefined || rows === undefined ? undefined : before + rows;
  cursors.open = true;
  // Should it fail, it is not known which of its statements did.
  if (!isOnly) place.answered = undefined;
  return {
    ...{ name: known, text: text ?? '', before, after: place.sent },
    ...{ isForward: rows !== undefined, isOnly, isMade: false, place },
  };
}

/** The message is done. */
export function readsAnswered(reads: CursorRead[]): void {
  for (const { place, after, isOnly } of reads) if (isOnly) place.answered = after;
}

/** What was sent and not answered has failed, or what comes behind it may have another begin. */
export function readsFailed(cursors: CursorPlaces, { first }: Awaited): void {
  if (!cursors.open) return;
  for (const place of cursors.places.values()) place.sent = place.answered;
  for (let at: Reading | undefined = first; at; at = at.next)
    for (const read of at.reads ?? []) {
      Object.assign(read, { before: undefined, after: undefined });
      // What failed itself has read nothing.
      if (at !== first) read.place.sent = undefined;
    }
}

/** All that was sent is answered. */
export function allAnswered(cursors: CursorPlaces): void {
  if (!cursors.open) return;
  for (const place of cursors.places.values()) place.answered = place.sent;
  cursors.open = false;
}

export function forgetPlaces(cursors: CursorPlaces): void {
  // Most sessions have none, and clearing a Map makes a new table, after each of their statements.
  if (cursors.places.size > 0) cursors.places.clear();
  cursors.open = false;
}

/**
 * So many rows of the cursor were read before the statement that the engine is at. `declaredBy`: the text that the engine says has declared it: it
 * may be another one of its name, which a function has made.
 */
export function placeOf(
  { places }: CursorPlaces,
  { first }: Awaited,
  { name, text, declaredBy }: { name: string; text: string; declaredBy: string },
): number | undefined {
  const known = asBytes(name);
  const own = places.get(known)?.declaredBy;
  if (own === undefined || !isSameText(own, declaredBy)) return undefined;
  const reads: CursorRead[] = [];
  for (let at: Reading | undefined = first; at; at = at.next)
    reads.push(...(at.reads ?? []).filter((read) => read.name === known && !read.isMade));
  const those = reads.length > 1 ? reads.filter((read) => isSameText(read.text, text)) : reads;
  const [read, another] = those;
  const before = another ? undefined : read?.before;
  return before === undefined || !Number.isFinite(before) ? undefined : before;
}

/** In whatever encoding the client sent it. */
function isSameText(text: string, other: string): boolean {
  return text === other || text.replaceAll(beyondAscii, '') === other.replaceAll(beyondAscii, '');
}
const beyondAscii = /[\u{80}-\u{10ffff}]+/gu;

/** NAMEDATALEN - 1: as the names in a client's messages are kept, of which only the first bytes count. */
const longestName = 63;

function asBytes(name: string): string {
  return Buffer.from(name).toString('latin1').slice(0, longestName);
}
