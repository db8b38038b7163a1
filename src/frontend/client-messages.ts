/** Watches a client's messages for texts that may concern the gateway, and for the names of prepared statements and portals. */
import type { FrameWatcher } from '../wire/frames.js';
import { frontendType, typeTable } from '../wire/message-types.js';
import type { Conversation } from './conversation.js';
import { readNames } from './statement-names.js';
import { rewriteFrame } from './statement-text.js';

/** Messages with names of prepared statements or portals. */
const naming = typeTable([
  frontendType.parse,
  frontendType.bind,
  frontendType.describe,
  frontendType.execute,
  frontendType.close,
]);

export function watchClient(conversation: Conversation): FrameWatcher {
  return {
    wants: (type, bytes) => {
      conversation.busy = true;
      conversation.sent = conversation.awaited.sent(type);
      const hasText = type === frontendType.query || type === frontendType.parse;
      conversation.mayChain ||= hasText && bytes > conversation.longestText;
      return (
        (hasText || (conversation.everRewritten && naming[type] === 1)) && bytes <= conversation.longestText
      );
    },
    see: (type, frame) => {
      const { everRewritten, sent, events, engineProcessId } = conversation;
      if (everRewritten && sent) readNames(sent, frame);
      if (type === frontendType.execute) {
        events.rowsAsked(engineProcessId, frame.readUInt32BE(frame.length - 4));
        return undefined;
      }
      if (type !== frontendType.query && type !== frontendType.parse) return undefined;
      return rewriteFrame(type, frame, (text) => rewrite(conversation, text, frame));
    },
  };
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

function rewrite(conversation: Conversation, text: string, frame: Buffer): string | undefined {
  conversation.mayChain ||= mayChain(text);
  const rewritten = conversation.events.rewrite(text);
  if (!rewritten) return undefined;
  conversation.everRewritten = true;
  if (conversation.sent) {
    conversation.sent.text = rewritten;
    readNames(conversation.sent, frame);
  }
  return rewritten.text;
}
