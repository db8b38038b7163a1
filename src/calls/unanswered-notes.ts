/** Calls whose answer was lost with an earlier gateway, and the money at risk: told to their role with its next statement. */
import { type Ledger, type RoleIdentity, roleKey } from '../ledger/job.js';
import type { Statement } from './statement.js';

export interface UnansweredNotes {
  /** Learns whom there is something to tell from before. */
  load(): Promise<void>;
  /** There is something to tell this role. */
  add(who: RoleIdentity): void;
  /** Adds the note to a statement of a role that was not told yet. */
  tell(statement: Statement): Promise<void>;
}

export function createUnansweredNotes(ledger: Ledger): UnansweredNotes {
  const roles = new Set<string>();
  return {
    async load() {
      for (const who of await ledger.untoldRoles()) roles.add(roleKey(who));
    },
    add: (who) => roles.add(roleKey(who)),
    async tell(statement) {
      const { origin } = statement;
      // With progress switched off nobody would see it; it stays for another session.
      if (!statement.progress || !roles.delete(roleKey(origin))) return;
      const lost = await ledger.tellUnanswered(origin);
      if (!lost) return;
      const money = lost.money > 0 ? `; they may have cost ${lost.currency} ${lost.money.toFixed(2)}` : '';
      statement.notes.add(
        `ai_gen: of ${lost.calls} earlier calls of yours that were under way when the gateway ended the provider does not tell what became${money}. ` +
          "SELECT * FROM hologen.jobs WHERE state = 'unanswered' shows them",
      );
    },
  };
}
