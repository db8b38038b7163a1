/** Watches a client's messages for texts that may concern the gateway, and for the names of prepared statements and portals. */
import { isUtf8 } from 'node:buffer';
import { cursorSteps, cursorWords } from '../rewriter/cursor-steps.js';
import type { FrameWatcher, Replacement } from '../wire/frames.js';
import { frontendType, typeTable } from '../wire/message-types.js';
import { askAside } from './aside.js';
import { noteSent, noteTypeSent, type SentMessage } from './awaited-answers.js';
import { type Bindings, boundTo, forgetPortal, hidePrepared, noteBound, notePrepared } from './bindings.js';
import { longestBind, type Prepared, readParameterTypes, rowsAsked } from './bound-values.js';
import { type Conversation, longestOnTheSpot, type Rewritten, type Treatment } from './conversation.js';
import { type CursorRead, forgetPlaces, placeAtBegin, readRows, readSteps } from './cursor-places.js';
import { forgetBound, keepBound, keepChunk } from './last-bound.js';
import { readNames } from './statement-names.js';
import { concernsCursorsOnly, goingBack, hasOurWords, rewriteFrame } from './statement-text.js';

/** Messages with names of prepared statements or portals. */
const naming = typeTable([
  frontendType.parse,
  frontendType.bind,
  frontendType.describe,
  frontendType.execute,
  frontendType.close,
]);

/** Messages that say nothing to the gateway, or hardly anything, while no text was rewritten, unless their own text does. */
const routine = typeTable([
  frontendType.query,
  frontendType.parse,
  frontendType.bind,
  frontendType.describe,
  frontendType.execute,
  frontendType.sync,
]);

/** Of what stands in a pipe. */
const endsOrExecutes = typeTable([frontendType.execute, frontendType.sync, frontendType.query]);

export function watchClient(conversation: Conversation): FrameWatcher<Replacement> {
  return {
    isRoutine: (chunk) => isRoutine(conversation, chunk),
    noteRoutine: (chunk) => noteRoutine(conversation, chunk),
    wants: (type, bytes) => {
      conversation.busy = true;
      conversation.wasAtRest = conversation.atRest;
      conversation.atRest = false;
      conversation.sent = noteSent(conversation.awaited, type);
      if (endsOrExecutes[type] === 1) conversation.sentMore?.();
      conversation.longTextAwaits ||= hasText(type) && bytes > longestOnTheSpot;
      conversation.mayChain ||= hasText(type) && bytes > conversation.longestText;
      // A Query runs to its end.
      if (type === frontendType.query) askedFor(conversation, 0);
      if (naming[type] === 0 && type !== frontendType.query) return false;
      const { everRewritten, longestText } = conversation;
      const isSeen = bytes <= (type === frontendType.bind && !everRewritten ? longestBind : longestText);
      if (!isSeen) forgetBound(conversation.lastBound);
      if (!isSeen && everRewritten) noteUnseen(conversation.bindings, type);
      return isSeen;
    },
    see: (type, frame) => {
      const { everRewritten, sent } = conversation;
      if (everRewritten && sent) noteNames(conversation, sent, frame);
      if (sent) keepBound(conversation.lastBound, type, frame);
      if (type === frontendType.execute) executed(conversation, frame.readUInt32BE(frame.length - 4));
      if (!hasText(type)) return undefined;
      return rewriteFrame(type, frame, (text) => rewrite(conversation, text, frame));
    },
  };
}

function hasText(type: number): boolean {
  return type === frontendType.query || type === frontendType.parse;
}

/** Whole messages of a session that the gateway has never had to do with, and that give it no reason to begin: most are. */
function isRoutine({ everRewritten, longestText }: Conversation, chunk: Buffer): boolean {
  if (everRewritten || chunk.length > longestText) return false;
  let at = 0;
  while (at + 5 <= chunk.length) {
    const type = chunk[at] as number;
    const end = at + 1 + chunk.readUInt32BE(at + 1);
    if (routine[type] === 0 || end < at + 5 || end > chunk.length) return false;
    if (hasText(type) && hasOurWords(chunk, at, end)) return false;
    at = end;
  }
  return at === chunk.length;
}

function noteRoutine(conversation: Conversation, chunk: Buffer): void {
  conversation.busy = true;
  conversation.atRest = false;
  const { awaited, lastBound } = conversation;
  let isExtended = false;
  let isAnswered = true;
  for (let at = 0; at < chunk.length; ) {
    const type = chunk[at] as number;
    const end = at + 1 + chunk.readUInt32BE(at + 1);
    isExtended ||= naming[type] === 1;
    isAnswered = noteTypeSent(awaited, type) && isAnswered;
    if (type === frontendType.query) askedFor(conversation, 0);
    if (type === frontendType.execute) askedFor(conversation, chunk.readUInt32BE(end - 4));
    at = end;
  }
  if (!isAnswered) forgetBound(lastBound);
  else if (isExtended) keepChunk(lastBound, chunk);
}

const declares = /^\s*declare\b/i;

function noteNames(conversation: Conversation, sent: SentMessage<Rewritten>, frame: Buffer): void {
  const { bindings, cursors } = conversation;
  readNames(sent, frame);
  const { type, statementName, portalName } = sent;
  switch (type) {
    case frontendType.parse:
      notePrepared(bindings, statementName ?? '', undefined);
      break;
    case frontendType.bind:
      noteBound(bindings, portalName ?? '', statementName ?? '', frame);
      sent.reads = [placeAtBegin(cursors, portalName ?? '', { isOnly: true })];
      break;
    case frontendType.execute:
      noteExecuted(conversation, sent, rowsAsked(frame));
      break;
    case frontendType.close:
      if (statementName !== undefined) notePrepared(bindings, statementName, undefined);
      else forgetPortal(bindings, portalName ?? '');
  }
}

/** A message that was too long to be looked at has any name. */
function noteUnseen(bindings: Bindings, type: number): void {
  if (type === frontendType.bind || type === frontendType.parse) bindings.unseen = true;
  if (type === frontendType.parse) hidePrepared(bindings);
}

/** What is not read may be about any of them. */
function stepsRead(
  { cursors, events, engineProcessId }: Conversation,
  text: string,
  steps: NonNullable<Prepared['cursors']>,
): CursorRead[] {
  if (steps !== 'unread' && steps.steps.every(({ declares, rows }) => declares || rows !== undefined))
    return readSteps(cursors, text, steps);
  // Back, perhaps, and over rows that it keeps.
  if (steps !== 'unread') events.cursorsRewound(engineProcessId);
  forgetPlaces(cursors);
  return [];
}

function noteExecuted(conversation: Conversation, sent: SentMessage<Rewritten>, rows: number): void {
  const { bindings, cursors } = conversation;
  const portal = sent.portalName ?? '';
  const bound = boundTo(bindings, portal);
  sent.isHidden = bound === 'hidden';
  sent.reads = [readRows(cursors, portal, { rows: rows || Number.POSITIVE_INFINITY, isOnly: true })];
  // It may be a FETCH.
  if (bound === 'hidden') forgetPlaces(cursors);
  if (bound === undefined || bound === 'hidden') return;
  sent.bound = bound;
  bound.executions += 1;
  // However many of its rows are read of a FETCH, it has run to its end.
  if (bound.cursors && bound.executions === 1)
    sent.reads.push(...stepsRead(conversation, bound.text, bound.cursors));
  if (declares.test(bound.text))
    bindings.declared.set(bound.text, isAwaited(conversation, sent, bound.text) ? undefined : bound);
}

/** The engine may be at another Execute of the same text. */
function isAwaited({ awaited }: Conversation, sent: SentMessage<Rewritten>, text: string): boolean {
  let at = awaited.first;
  while (at && at !== sent && at.bound?.text !== text) at = at.next;
  return at !== undefined && at !== sent;
}

function executed(conversation: Conversation, rows: number): void {
  if (conversation.sent) conversation.sent.rows = rows;
  askedFor(conversation, rows);
}

/** Of several in a pipe it is not known which one the engine is at: the least that one of them asks for. */
function askedFor(conversation: Conversation, rows: number): void {
  const { rowsAwaited } = conversation;
  const least = rows === 0 || (rowsAwaited > 0 && rowsAwaited < rows) ? rowsAwaited : rows;
  conversation.rowsAwaited = least;
  // Told once where all rows are asked for, which is always so with most clients.
  if (least > 0 || conversation.rowsAsked !== 0)
    conversation.events.rowsAsked(conversation.engineProcessId, least);
  conversation.rowsAsked = least;
}

/** What stands before the last word of ROLLBACK AND CHAIN. A comment, or more spaces than are looked at, may hide it. */
const beforeChain = /(?:^|\*\/|\n|\b(?:commit|rollback|end|abort|work|transaction)\s)\s*(?:and\s*)?$/i;
const lookedAtCharacters = 100;

function mayChain(text: string): boolean {
  for (const { index } of text.matchAll(/\bchain\b/gi)) {
    if (beforeChain.test(text.slice(Math.max(0, index - lookedAtCharacters), index))) return true;
  }
  return false;
}

function rewrite(
  conversation: Conversation,
  text: string,
  frame: Buffer,
): string | undefined | Promise<string | undefined> {
  conversation.mayChain ||= mayChain(text);
  if (goingBack.test(text)) {
    conversation.events.cursorsRewound(conversation.engineProcessId);
    forgetPlaces(conversation.cursors);
  }
  const { sent } = conversation;
  const treatment = concernsCursorsOnly(text) ? undefined : conversation.events.rewrite(text);
  const chosen =
    treatment instanceof Promise
      ? treatment.then((each) => inSession(conversation, each, frame))
      : inSession(conversation, treatment, frame);
  return chosen instanceof Promise
    ? chosen.then((each) => treat(conversation, text, each, sent, frame))
    : treat(conversation, text, chosen, sent, frame);
}

/** What the treatment is in this session. */
function inSession(
  conversation: Conversation,
  treatment: Treatment,
  frame: Buffer,
): Treatment | Promise<Treatment> {
  if (!treatment || !('unless' in treatment) || !treatment.unless) return treatment;
  const { query, otherwise } = treatment.unless;
  // Its names would be others in what the client's own encoding is.
  const isReadable = isUtf8(frame) || query.values.every((value) => /^[\x20-\x7e]*$/.test(value));
  if (!conversation.wasAtRest || !isReadable) return otherwise;
  // A cancel that comes now is meant for the statement.
  conversation.longTextAwaits = true;
  return askAside(conversation, query).then((hasRows) => (hasRows === false ? treatment : otherwise));
}

/** What its Executes read is counted from now on: their names tell nothing of it. */
function watched(text: string): Treatment {
  return { text, isOther: false, translateError: () => {}, tagOf: () => undefined };
}

/** The text for the engine. */
function treat(
  conversation: Conversation,
  text: string,
  treated: Treatment,
  sent: SentMessage<Rewritten> | undefined,
  frame: Buffer,
): string | undefined {
  const own = treated && 'text' in treated ? treated.text : text;
  const steps = cursorWords.test(own) ? (cursorSteps(own, longestOnTheSpot) ?? 'unread') : undefined;
  if (sent?.type === frontendType.query && steps) sent.reads = stepsRead(conversation, own, steps);
  const treatment = treated ?? (steps && sent?.type === frontendType.parse ? watched(text) : undefined);
  if (!treatment) return undefined;
  if ('notice' in treatment) {
    if (!conversation.tell(treatment.notice)) conversation.untold.push(treatment.notice);
    return undefined;
  }
  conversation.everRewritten = true;
  if (sent) {
    sent.text = treatment;
    readNames(sent, frame);
    const types = sent.type === frontendType.parse && readParameterTypes(frame);
    if (types)
      notePrepared(conversation.bindings, sent.statementName ?? '', { text: own, types, cursors: steps });
  }
  return treatment.isOther ? treatment.text : undefined;
}
