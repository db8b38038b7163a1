/** Watches the engine's answers: how statements end, and errors and tags that refer to a rewritten text. */
import type { FrameWatcher } from '../wire/frames.js';
import { backendType, typeTable } from '../wire/message-types.js';
import { commandComplete, editFields } from '../wire/replies.js';
import { type Conversation, longestSeenText, type Rewritten } from './conversation.js';

/** States in ReadyForQuery: outside a transaction, and in one that can only be rolled back. */
const idle = 0x49;
const failedTransaction = 0x45;
/** These commands leave no prepared statement. */
const forgettingTags = new Set(['DEALLOCATE ALL', 'DISCARD ALL']);
/** Answers whose bodies are read; for the others it is enough to know that they came. */
const seen = typeTable([
  backendType.backendKeyData,
  backendType.readyForQuery,
  backendType.commandComplete,
  backendType.errorResponse,
  backendType.noticeResponse,
]);
const answers = typeTable(Object.values(backendType));

export function watchEngine(conversation: Conversation): FrameWatcher {
  return {
    wants: (type, bytes) => {
      if (answers[type] === 0) return false;
      const answered = conversation.awaited.answered(type);
      conversation.answered = answered;
      if (conversation.everRewritten && answered) conversation.names.answered(type, answered);
      return seen[type] === 1 && bytes <= longestSeenText;
    },
    see: (type, frame) => {
      const replacement = see(conversation, type, frame);
      const untold = conversation.untold.splice(0);
      return untold.length === 0 ? replacement : Buffer.concat([...untold, replacement ?? frame]);
    },
  };
}

function see(conversation: Conversation, type: number, frame: Buffer): Buffer | undefined {
  switch (type) {
    case backendType.commandComplete:
      return statementEnded(conversation, frame);
    case backendType.errorResponse:
      failing(conversation);
      return inClientsWords(conversation, frame);
    case backendType.noticeResponse:
      return inClientsWords(conversation, frame);
    case backendType.backendKeyData:
      started(conversation, frame);
      break;
    case backendType.readyForQuery:
      readyForQuery(conversation, frame[5]);
  }
  return undefined;
}

/** The text that the current answer is about, if it was rewritten. */
function rewrittenText({ everRewritten, answered, names }: Conversation): Rewritten | undefined {
  return everRewritten && answered ? names.textOf(answered) : undefined;
}

function inClientsWords(conversation: Conversation, frame: Buffer): Buffer | undefined {
  const rewritten = rewrittenText(conversation);
  return rewritten && editFields(frame, rewritten.translateError);
}

function failing(conversation: Conversation): void {
  conversation.failed = true;
  // The engine may be at what comes next in a pipeline already: its calls are not the ones that failed.
  if (!conversation.awaited.atLast) return;
  const settled = conversation.events.failing(conversation.engineProcessId);
  if (settled) conversation.holdBack(settled);
}

function statementEnded(conversation: Conversation, frame: Buffer): Buffer | undefined {
  const rewritten = rewrittenText(conversation);
  const { answered, events, names } = conversation;
  const tag = frame.toString('latin1', 5, frame.length - 1);
  if (tag === 'ROLLBACK') conversation.failed = true;
  if (tag === 'CREATE DATABASE') events.databaseCreated();
  if (forgettingTags.has(tag)) names.forgetStatements();
  const clientsTag = rewritten && answered && rewritten.tagOf(answered.count++, tag);
  return clientsTag === undefined ? undefined : commandComplete(clientsTag);
}

function started(conversation: Conversation, frame: Buffer): void {
  // A copy, because the frame would keep its whole chunk in memory.
  conversation.cancelKey = Buffer.from(frame.subarray(5));
  conversation.engineProcessId = conversation.cancelKey.readUInt32BE(0);
  conversation.events.started(conversation.engineProcessId);
}

function readyForQuery(conversation: Conversation, state: number | undefined): void {
  const { awaited, names, events, engineProcessId, failed } = conversation;
  conversation.busy = state !== idle || !awaited.none;
  conversation.longestText = longestSeenText;
  if (state === idle) names.forgetPortals();
  if (!awaited.none) return;
  if (state === idle || state === failedTransaction)
    events.ready(engineProcessId, failed ? 'failed' : 'committed');
  else events.answered(engineProcessId);
  if (state === idle) conversation.failed = false;
}
