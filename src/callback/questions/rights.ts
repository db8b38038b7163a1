/** What a caller may ask at all, whatever the question says: only the owner administers, and nothing changes in a read-only transaction. */
import { KnownError } from '../../errors.js';
import type { Caller } from '../endpoint.js';

export function requireOwner(caller: Caller, what: string): void {
  refuseReadOnly(caller, what);
  if (caller.admin) return;
  throw new KnownError({
    kind: 'insufficientPrivilege',
    message: `permission denied: ${what} is for the owner of hologen`,
    hint: 'The owner is the role that owns the schema hologen; its members count too.',
  });
}

export function refuseReadOnly(caller: Caller, what: string): void {
  if (!caller.readOnly) return;
  throw new KnownError({
    kind: 'readOnlyTransaction',
    message: `${what} is not possible in a read-only transaction`,
    hint: 'SET default_transaction_read_only = off.',
  });
}
