/** Databases made while the gateway serves: one that is not a copy of template1 (pg_restore takes template0) gets ai_gen before its first session. */
import type { Logger } from 'pino';

export interface NewDatabases {
  /** A client made a database. */
  created(): void;
  /** Resolves when the database has what it can have of ai_gen; at once, but for those just made. */
  ready(name: string): Promise<void>;
}

export interface Database {
  oid: number;
  name: string;
}

/** An engine whose other databases are not ours to change. */
export const noDatabases: NewDatabases = { created: () => {}, ready: () => Promise.resolve() };

/** `known`: what was there, and migrated, before. A database that cannot be migrated goes without ai_gen, and the log says why. */
export function watchNewDatabases(
  known: Database[],
  list: () => Promise<Database[]>,
  migrate: (name: string) => Promise<unknown>,
  log: Logger,
): NewDatabases {
  // A name may be dropped and made again; its number is another one then.
  const seen = new Set(known.map(({ oid }) => oid));
  const underWay = new Map<string, Promise<unknown>>();
  let looking = Promise.resolve();

  async function look(): Promise<void> {
    for (const { oid, name } of await list()) {
      if (seen.has(oid)) continue;
      seen.add(oid);
      const migration = migrate(name)
        .catch((error: Error) => log.warn({ database: name, reason: error.message }, goesWithout))
        .finally(() => underWay.delete(name));
      underWay.set(name, migration);
    }
  }

  return {
    created() {
      looking = looking.then(look).catch((error: unknown) => {
        log.error({ err: error }, 'new databases could not be listed');
      });
    },
    async ready(name) {
      await looking;
      await underWay.get(name);
    },
  };
}

export const goesWithout = 'this database goes without ai_gen';
