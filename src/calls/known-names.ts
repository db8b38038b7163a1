/** What the engine has found out about the names of plans, for as long as its catalogue is as it was then. */
import { createHash } from 'node:crypto';
import type { CallOrigin } from '../ledger/job.js';
import type { NamesFound } from './making.js';

export interface KnownNames {
  /**
   * What is to be asked of the engine, by what it is to be remembered by; undefined: it is to be asked each time. `state`: the catalogue_state of
   * the engine's session.
   */
  keyOf(asked: object, state: string | undefined, origin: CallOrigin): string | undefined;
  found(key: string | undefined): NamesFound | undefined;
  /** Of the same key nothing else is found. */
  remember(key: string | undefined, found: NamesFound): void;
}

/** What is found are names, mostly none. Anybody may ask, and the memory is everybody's. */
const mostRemembered = 10_000;
const longestRemembered = 1_000;

export function createKnownNames(): KnownNames {
  const known = new Map<string, NamesFound>();
  return {
    keyOf(asked, state, { role, roleOid, database }) {
      if (state === undefined || !isOfCatalogue(asked)) return undefined;
      // A role may tell what it likes of itself: its own calls alone are looked at by that, and not those of who has its name later.
      const parts = JSON.stringify([role, roleOid, database, state, asked]);
      return createHash('sha256').update(parts).digest('base64');
    },
    found: (key) => (key === undefined ? undefined : known.get(key)),
    remember(key, found) {
      if (key === undefined || JSON.stringify(found).length > longestRemembered) return;
      known.set(key, found);
      for (const [oldest] of known) {
        if (known.size <= mostRemembered) return;
        known.delete(oldest);
      }
    },
  };
}

/** Rows, what is prepared or opened and how large a table is are others without any change of the catalogue. */
function isOfCatalogue(asked: object): boolean {
  const { functions, since, rows, relations } = asked as Partial<Record<string, unknown>>;
  const isEmpty = !Array.isArray(relations) || relations.length === 0;
  return functions !== undefined && since === undefined && rows === undefined && isEmpty;
}
