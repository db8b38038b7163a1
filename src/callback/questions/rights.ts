/** What a caller may ask at all, whatever the question says: degrees, and that nothing changes in a read-only transaction. */
import { KnownError } from '../../errors.js';
import type { Sight } from '../../ledger/job.js';
import type { DegreeSettings } from '../../settings/configuration.js';
import type { Caller } from '../endpoint.js';

type Degrees = Pick<Caller, 'admin' | 'maker' | 'viewer'>;

/** Spends, signs and deploys. */
function mayCall({ admin, maker, viewer }: Degrees, { defaultDegree }: DegreeSettings): boolean {
  return admin || maker || (!viewer && defaultDegree === 'maker');
}

/** Of what others have made. */
export function sightOf({ admin, maker, viewer }: Degrees, settings: DegreeSettings): Sight {
  if (admin) return 'all';
  return viewer || (!maker && settings.defaultDegree === 'viewer') ? settings.viewersSee : 'own';
}

/** Questions that spend, reach into a store with rights that SQL names, or show what was made. */
const forMakers: Record<string, string> = {
  submit: 'making calls',
  submit_calls: 'making calls',
  submit_written: 'making calls',
  submit_made: 'making calls',
  submit_looked: 'making calls',
  plan: 'making calls',
  plan_beside: 'making calls',
  plan_names: 'making calls',
  batch_plans: 'making calls',
  batch_names: 'making calls',
  note_calls: 'making calls',
  submit_image: 'making calls',
  submit_detached: 'making calls',
  retry_job: 'making calls',
  collect: 'making calls',
  deploy_model: 'deploying a model',
  remove_model: 'removing a model',
  share_job: 'sharing a job',
  check_file: 'naming files of a store',
  try_file: 'naming files of a store',
  file_facts: 'naming files of a store',
  list_objects: 'listing objects of a store',
};

/** Nobody logs in as one of these: what was made in their name would be everybody's who has been granted it, and nobody's budget would count it. */
const granted = /^(hologen_(owner|admin|maker|viewer)|pg_.*)$/;

export function requireDegree(ask: string, caller: Caller, settings: DegreeSettings): void {
  const what = forMakers[ask];
  if (what === undefined) return;
  if (granted.test(caller.role)) {
    throw new KnownError({
      kind: 'insufficientPrivilege',
      message: `permission denied: ${what} is for people and programs, and role "${caller.role}" is what they are granted`,
      hint: 'RESET ROLE, and run it again: your own role has what it was granted. What such a role owns (a function, a materialized view) is to be given to another one.',
    });
  }
  requireMaker(what, caller, settings);
}

export function requireMaker(what: string, caller: Caller, settings: DegreeSettings): void {
  if (mayCall(caller, settings)) return;
  throw new KnownError({
    kind: 'insufficientPrivilege',
    message: `permission denied: role "${caller.role}" is no maker, and ${what} is for makers`,
    hint: `GRANT hologen_maker TO "${caller.role}": an administrator of hologen may.`,
  });
}

export function requireAdmin(caller: Caller, what: string): void {
  refuseLasting(caller, what);
  if (caller.admin) return;
  throw new KnownError({
    kind: 'insufficientPrivilege',
    message: `permission denied: ${what} is for administrators of hologen`,
    hint: 'Members of hologen_admin are, and the role that owns the schema hologen: GRANT hologen_admin TO ….',
  });
}

/** What the gateway does nobody undoes behind an estimate. */
export function refuseDryRun(caller: Caller, what: string): void {
  if (!caller.dryRun) return;
  throw new KnownError({
    kind: 'readOnlyTransaction',
    message: `${what} is not possible in a dry run, nor in what is estimated: it would not be undone`,
    hint: 'SET ai_gen.dry_run = off, and run it by itself.',
  });
}

/** Of what stays with the gateway, whatever becomes of the transaction. */
export function refuseLasting(caller: Caller, what: string): void {
  refuseDryRun(caller, what);
  refuseReadOnly(caller, what);
}

export function refuseReadOnly(caller: Caller, what: string): void {
  if (!caller.readOnly) return;
  throw new KnownError({
    kind: 'readOnlyTransaction',
    message: `${what} is not possible in a read-only transaction`,
    hint: 'SET default_transaction_read_only = off.',
  });
}
