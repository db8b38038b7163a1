/** Results in cursors WITH HOLD: made when their transaction is committed, and the client's only when it has fetched them. */

export interface HeldResults {
  /** So many results are in a cursor now; `settle` is called once it is known whether the client has had them. */
  keep(engineProcessId: number, results: number, settle: (read: boolean) => Promise<void>): void;
  /** Some are, and it is not known yet. */
  has(engineProcessId: number): boolean;
  /** The client was given so many rows of some cursor; 0: it is at the end of one. */
  rowsFetched(engineProcessId: number, rows: number): void;
  /** The client has closed one, or all. */
  closed(engineProcessId: number, which: 'one' | 'all'): void;
  /** It does not come back. Undefined: there are none; else resolves when others can take them. */
  left(engineProcessId: number): Promise<void> | undefined;
}

interface Cursor {
  results: number;
  settle(read: boolean): Promise<void>;
}

/** Of one session. Which of several cursors a FETCH reads is not known here: their rows are counted together. */
interface Session {
  cursors: Cursor[];
  rows: number;
}

/** Does this text, run to its end, leave rows in a cursor? At a COMMIT those of a transaction's cursors are read. */
export function fillsCursors(text: string): boolean {
  return /\bwith\s+hold\b/i.test(text) || /^\s*(commit|end)\b/i.test(text);
}

export function createHeldResults(): HeldResults {
  const sessions = new Map<number, Session>();
  const settle = (engineProcessId: number, isRead: (session: Session) => boolean) => {
    const session = sessions.get(engineProcessId);
    sessions.delete(engineProcessId);
    return (
      session && Promise.all(session.cursors.map((cursor) => cursor.settle(isRead(session)))).then(() => {})
    );
  };
  const hasBegun = ({ rows }: Session) => rows > 0;
  return {
    keep(engineProcessId, results, settleOne) {
      const session = sessions.get(engineProcessId) ?? { cursors: [], rows: 0 };
      sessions.set(engineProcessId, session);
      session.cursors.push({ results, settle: settleOne });
    },
    has: (engineProcessId) => sessions.has(engineProcessId),
    rowsFetched(engineProcessId, rows) {
      const session = sessions.get(engineProcessId);
      if (!session) return;
      session.rows += rows;
      const results = session.cursors.reduce((sum, cursor) => sum + cursor.results, 0);
      const isAtEnd = rows === 0 && session.cursors.length === 1;
      if (isAtEnd || session.rows >= results) settle(engineProcessId, () => true);
    },
    closed(engineProcessId, which) {
      // Which one it was is not known where there are several: the others may still be read.
      if (which === 'all' || sessions.get(engineProcessId)?.cursors.length === 1)
        settle(engineProcessId, hasBegun);
    },
    left: (engineProcessId) => settle(engineProcessId, () => false),
  };
}
