/** What a session knows while bytes pass: who must be told, what is asked and not answered yet, which texts were rewritten. */
import { createStatementNames, type StatementNames } from './statement-names.js';
import { createUnanswered, type SentMessage, type Unanswered } from './unanswered.js';

export interface SessionEvents {
  /** Another text for this one, or undefined. Called for Query and Parse texts that may concern the gateway. */
  rewrite(text: string): Rewritten | undefined;
  /** The engine named its process: later calls of this session carry the number. */
  started(engineProcessId: number): void;
  /** The client asks for rows of a portal whose text was rewritten, at most so many; 0: all. */
  rowsAsked(engineProcessId: number, rows: number): void;
  /** Everything the client sent is answered, and what it had under way is either committed or lost; not called in an open transaction. */
  ready(engineProcessId: number, outcome: 'committed' | 'failed'): void;
  /** Nobody waits for the session's answers any more; true when its last statement had made calls, and so might be making more. */
  ended(engineProcessId: number): boolean;
  /** A client made a database. */
  databaseCreated(): void;
}

export interface Rewritten {
  text: string;
  /** Tells the fields of an error or notice about the new text in terms of the old one. */
  translateError(fields: Map<string, string>): void;
  /** The command tag of a statement, counted from 0, where it differs from what the engine says. */
  tagOf(index: number, engineTag: string): string | undefined;
}

export interface Conversation {
  readonly events: SessionEvents;
  readonly unanswered: Unanswered<Rewritten>;
  readonly names: StatementNames<Rewritten>;
  /** 0 until the engine has named it. */
  engineProcessId: number;
  /** By which the engine cancels the session's statement. */
  cancelKey: Buffer | undefined;
  /** A statement runs or a transaction is open. */
  busy: boolean;
  /** Longer texts of the client are relayed unseen. */
  longestText: number;
  /** Something since the last settled state failed or was rolled back. */
  failed: boolean;
  /** Ordinary sessions are spared the look at names. */
  everRewritten: boolean;
  /** The client's message whose frame passes at present; undefined when it will not be answered. */
  sent: SentMessage<Rewritten> | undefined;
  /** The message that the engine was at when it sent the frame that passes at present. */
  answered: SentMessage<Rewritten> | undefined;
}

/** What is longer is relayed unseen: nobody writes such a SET or ai_gen by hand, and a NOTICE is as long as a client's function makes it. */
export const longestSeenText = 8 * 1024 * 1024;
/** Before the engine let the client in, it may not make the gateway hold more than this. */
const longestEarlyText = 64 * 1024;

export function beginConversation(events: SessionEvents): Conversation {
  return {
    events,
    unanswered: createUnanswered(),
    names: createStatementNames(),
    engineProcessId: 0,
    cancelKey: undefined,
    busy: true,
    longestText: longestEarlyText,
    failed: false,
    everRewritten: false,
    sent: undefined,
    answered: undefined,
  };
}
