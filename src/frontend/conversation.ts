/** The state of a session that both directions share: open questions, rewritten texts, whether the client may still be paid for. */

import type { AsideQuery, Asking } from './aside.js';
import { type AwaitedAnswers, createAwaitedAnswers, type SentMessage } from './awaited-answers.js';
import { type Bindings, createBindings } from './bindings.js';
import type { Bound } from './bound-values.js';
import { type CursorPlaces, createCursorPlaces } from './cursor-places.js';
import { createLastBound, type LastBound } from './last-bound.js';
import type { Pipe } from './pipe.js';
import { createStatementNames, type StatementNames } from './statement-names.js';

export interface SessionEvents {
  /** Called for Query and Parse texts that may concern the gateway. The session's later messages wait for a promise, which never rejects. */
  rewrite(text: string): Treatment | Promise<Treatment>;
  /**
   * The engine has told its process id, which later calls of this session carry. `executing`: the parameters of the text that it is at (`now`), or of
   * the one that declared the cursor that it reads, if known. `standing`: what stands in the client's pipe, when it is all there. `placeOf`: see
   * cursor-places.ts.
   */
  started(
    engineProcessId: number,
    executing: (text: string, now: boolean) => Bound | undefined,
    standing: () => Promise<Pipe>,
    placeOf: (cursor: { name: string; text: string; declaredBy: string }) => number | undefined,
  ): void;
  /** The client executes portals for at least so many rows each; 0: all, until it is told otherwise, and so for a Query. */
  rowsAsked(engineProcessId: number, rows: number): void;
  /** Everything the client sent has been answered, without an error, and its transaction is still open. */
  answered(engineProcessId: number): void;
  /** Cursors of the open transaction may stand elsewhere now. */
  cursorsRewound(engineProcessId: number): void;
  /** A savepoint was set where none was open. What has been `answered` before stands before it. */
  savepointSet(engineProcessId: number): void;
  /**
   * The transaction has failed, or was rolled back to a savepoint: 'all', or what does not stand before the oldest savepoint that may be open.
   * The client hears of a failure when the promise resolves: what it does then must find all settled.
   */
  undone(engineProcessId: number, what: 'all' | 'behind savepoint'): Promise<void> | undefined;
  /** Everything the client sent has been answered, and was either committed or lost. Not called inside an open transaction. */
  ready(engineProcessId: number, outcome: 'committed' | 'failed' | 'prepared'): void;
  /** One of the transactions that the client has sent behind one another is over; there are others whose answers have not all come. */
  transactionOver(engineProcessId: number, outcome: 'committed' | 'failed'): void;
  /** Nobody waits for the session's answers any more. Returns true if its last statement made calls, and so may be about to make more. */
  ended(engineProcessId: number): boolean;
  /** A client made a database. */
  databaseCreated(): void;
}

/** What becomes of a text. Undefined: it stays as it is. */
export type Treatment = Rewritten | LeftAsWritten | undefined;

/** The text stays as it is, and the client is told why. */
export interface LeftAsWritten {
  /** A whole NoticeResponse. */
  notice: Buffer;
}

export interface Rewritten {
  text: string;
  /** False: it is what the client sent, and what becomes of it is watched. */
  isOther: boolean;
  /** Changes the fields of an error or notice about the new text so that they refer to the old one. */
  translateError(fields: Map<string, string>): void;
  /** The command tag of a statement (counted from 0), if it is not the engine's. */
  tagOf(index: number, engineTag: string): string | undefined;
  /** What it is where this query has rows, or cannot be asked in the session. Undefined: it is as it is. */
  unless?: { query: AsideQuery; otherwise: Treatment };
}

export interface Conversation extends Asking {
  readonly events: SessionEvents;
  readonly awaited: AwaitedAnswers<Rewritten>;
  readonly names: StatementNames<Rewritten>;
  /** What goes to the client from here on waits for the promise, but not for long. */
  holdBack(until: Promise<void>): void;
  /** Sends the client a whole message of the gateway's own; false in the middle of one of the engine's. */
  tell(message: Buffer): boolean;
  /** Such messages that wait for the engine's next answer. */
  readonly untold: Buffer[];
  /** 0 until the engine has told it, and when another session has it. */
  engineProcessId: number;
  /** Of prepared statements that the engine may look ahead in, and of portals. */
  readonly bindings: Bindings;
  readonly cursors: CursorPlaces;
  /** What was bound last, also to texts that were not looked at. */
  readonly lastBound: LastBound;
  /** The body of BackendKeyData, which a CancelRequest repeats. */
  cancelKey: Buffer | undefined;
  /** See Piped. */
  sentMore: (() => void) | undefined;
  /** A statement is running or a transaction is open. */
  busy: boolean;
  /** A long text has not been answered: it may still be coming in, being rewritten, or being read by the engine. */
  longTextAwaits: boolean;
  /** How many errors and ends of statements the engine has told: what was running when it was another number runs no more. */
  endings: number;
  /** Longer texts from the client are relayed unseen. */
  longestText: number;
  /** Something has failed or was rolled back since the session was last idle, or went on after ROLLBACK TO. */
  failed: boolean;
  /** PREPARE TRANSACTION has ended the transaction since. */
  isPrepared: boolean;
  /** Savepoints that may be open: at least as many as are. */
  savepoints: number;
  /** Of these the first was set since everything was last answered. */
  savepointIsNew: boolean;
  /** What is answered now may be of another transaction than what was answered before, though the session was not idle between them. */
  anew: boolean;
  /** A text may have said AND CHAIN: a ROLLBACK after which the transaction goes on may be one of all of it. */
  mayChain: boolean;
  /** The last statement that has ended was a COMMIT: where a transaction is open behind it, that is another one. */
  wasCommit: boolean;
  /** By the last Query or Execute: see SessionEvents. */
  rowsAsked: number | undefined;
  /** The least of what has not been answered; 0: all of each. */
  rowsAwaited: number;
  /** While this is false, names of statements and portals need not be tracked. */
  everRewritten: boolean;
  /** The engine has answered all that it was sent, and no transaction has failed: before the client's message that is passing now, too. */
  atRest: boolean;
  wasAtRest: boolean;
  /** The client's message that is passing now; undefined if the engine will not answer it. */
  sent: SentMessage<Rewritten> | undefined;
  /** The message that the engine's passing frame belongs to. */
  answered: SentMessage<Rewritten> | undefined;
}

/** Longer messages are relayed unseen: nobody writes such a SET or ai_gen by hand, and a client's function can make a NOTICE of any length. */
export const longestSeenText = 8 * 1024 * 1024;
/** Longer texts are rewritten in a process of its own: as many characters take the event loop some 30 ms at the worst. */
export const longestOnTheSpot = 2 * 1024;
/** The limit until the engine has let the client in: a stranger must not make the gateway hold more, nor keep that process busy. */
const longestEarlyText = longestOnTheSpot;

export function beginConversation(
  events: SessionEvents,
  { holdBack, tell, send }: Pick<Conversation, 'holdBack' | 'tell' | 'send'>,
): Conversation {
  return {
    // What each small message touches lies together: most of what it costs is memory that the processor has no copy of any more.
    events,
    awaited: createAwaitedAnswers(),
    lastBound: createLastBound(),
    aside: undefined,
    untold: [],
    everRewritten: false,
    longestText: longestEarlyText,
    longTextAwaits: false,
    engineProcessId: 0,
    busy: true,
    atRest: false,
    endings: 0,
    rowsAsked: undefined,
    rowsAwaited: 0,
    failed: false,
    isPrepared: false,
    savepoints: 0,
    savepointIsNew: false,
    anew: false,
    mayChain: false,
    wasCommit: false,
    wasAtRest: false,
    sent: undefined,
    answered: undefined,
    holdBack,
    tell,
    send,
    names: createStatementNames(),
    bindings: createBindings(),
    cursors: createCursorPlaces(),
    sentMore: undefined,
    cancelKey: undefined,
  };
}
