/** Which of a statement's calls would not be made, but take a result: told by ai_estimate before anything is sent. */
import type { EarlierResults } from './earlier-results.js';
import type { StatementCall } from './statement.js';
import type { Twins } from './twins.js';

/**
 * Of these calls those that would take a result which is there or under way, or with ai_gen.reuse on that of an identical call before them.
 * `live`: jobs that have a client of their own, by what they ask for. Nothing is reserved: another statement may be first.
 */
export async function wouldTake(
  calls: StatementCall[],
  earlier: EarlierResults,
  { live, twins }: { live: ReadonlyMap<string, string[]>; twins: Twins },
): Promise<Set<StatementCall>> {
  // Those of ai_submit are always made.
  const reusing = calls.filter(({ reuse, detached }) => reuse !== 'off' && !detached);
  await Promise.allSettled(reusing.map(({ storageChecked }) => storageChecked));
  // Of one whose media cannot be read nothing is known, and it is not sent.
  const known = reusing.filter(({ requestKey }) => requestKey !== '');
  const taking = await Promise.all(
    [...alike(known)].map((same) =>
      twins.has(same[0]) ? same : takingOf(same, earlier, live.get(same[0].requestKey) ?? []),
    ),
  );
  return new Set(taking.flat());
}

type Alike = [StatementCall, ...StatementCall[]];

function alike(calls: StatementCall[]): Iterable<Alike> {
  const all = new Map<string, Alike>();
  for (const call of calls) {
    const name = `${call.reuse} ${call.requestKey}`;
    const same = all.get(name);
    if (same) same.push(call);
    else all.set(name, [call]);
  }
  return all.values();
}

async function takingOf(same: Alike, earlier: EarlierResults, except: string[]): Promise<StatementCall[]> {
  const [{ statement, requestKey, reuse, checked, course }] = same;
  const { role, roleOid } = statement.origin;
  const shared = reuse === 'on';
  const found = await earlier.count(
    { role, roleOid, requestKey, delivered: shared, image: false },
    shared ? 1 : same.length,
    () => (shared ? [] : except),
    checked,
    course.stop,
  );
  // One result, or one call that is made, serves all that share it.
  const made = shared ? 1 - found : same.length - found;
  return same.slice(made);
}
