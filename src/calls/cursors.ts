/** What is known of cursors in the open transaction of each engine process: how far they were read, and what is to come. */
import type { CallOrigin } from '../ledger/job.js';
import { endLook, type LookAhead } from './look-ahead.js';

/** Whose cursors. */
interface Reader {
  origin: Pick<CallOrigin, 'engineProcessId'>;
}

/** A cursor that a text reads, and the text that the engine says has declared it. */
export interface CursorAsked {
  name: string;
  text: string;
  declaredBy: string;
}

export interface Cursors<Call> {
  /** What is known of a cursor whose rows are read: `first`, if none were read before. Its name is one of its own. */
  read(reader: Reader, cursor: string, first: LookAhead<Call>): LookAhead<Call>;
  /** Rows were read of cursors, or of a portal, that stand where they are known to, and what calls that made is not kept. */
  readUnseen(reader: Reader, of: 'cursors' | 'a portal'): void;
  areUnseen(reader: Reader): boolean;
  /** Rows were read of some cursor, and nobody knows of which, or where it stands now. */
  moved(reader: Reader): void;
  /** Rows of cursors were read; `moved`: that has happened. */
  wereRead(reader: Reader): 'moved' | boolean;
  /** Those that were read may stand elsewhere now. */
  rewound(engineProcessId: number): void;
  /** The transaction is over. */
  forget(engineProcessId: number): void;
}

export function createCursors<Call>(): Cursors<Call> {
  /** Undefined: nothing is known any more. */
  const cursors = new Map<number, Map<string, LookAhead<Call>> | undefined>();
  const unseen = new Set<number>();
  const moved = ({ origin: { engineProcessId } }: Reader) => {
    for (const known of cursors.get(engineProcessId)?.values() ?? [])
      endLook(known, 'its cursor was moved elsewhere');
    cursors.set(engineProcessId, undefined);
  };
  return {
    moved,
    areUnseen: ({ origin: { engineProcessId } }) => unseen.has(engineProcessId),
    readUnseen({ origin: { engineProcessId } }, of) {
      unseen.add(engineProcessId);
      if (of === 'cursors' && !cursors.has(engineProcessId)) cursors.set(engineProcessId, new Map());
      for (const known of cursors.get(engineProcessId)?.values() ?? []) known.unseen = true;
    },
    wereRead: ({ origin: { engineProcessId } }) =>
      cursors.has(engineProcessId) && (cursors.get(engineProcessId) === undefined ? 'moved' : true),
    rewound(engineProcessId) {
      if (cursors.get(engineProcessId)?.size) moved({ origin: { engineProcessId } });
    },
    read({ origin: { engineProcessId } }, cursor, first) {
      if (!cursors.has(engineProcessId)) cursors.set(engineProcessId, new Map());
      const own = cursors.get(engineProcessId);
      if (!own) endLook(first, 'rows of a cursor were read elsewhere');
      first.unseen = unseen.has(engineProcessId);
      const known = own?.get(cursor) ?? first;
      own?.set(cursor, known);
      return known;
    },
    forget(engineProcessId) {
      cursors.delete(engineProcessId);
      unseen.delete(engineProcessId);
    },
  };
}
