/** Calls that are checked at one moment share what is known then of models, rights and places: it is asked for once for all of them. */
import type { RoleIdentity } from '../ledger/job.js';
import type { Models } from './check.js';

export function atOneMoment({ catalogue, named, ...same }: Models): Models {
  const find = once((name: string, { role, roleOid }: RoleIdentity) => ({
    key: [name, role, roleOid],
    look: () => catalogue.find(name, { role, roleOid }),
  }));
  const defaults = once((task: string, { role, roleOid }: RoleIdentity) => ({
    key: [task, role, roleOid],
    look: () => catalogue.defaults(task, { role, roleOid }),
  }));
  const mayCall = once((name: string, role: string) => ({
    key: [name, role],
    look: () => catalogue.mayCall(name, role),
  }));
  const findPlace = once((name: string) => ({ key: [name], look: () => named.find(name) }));
  return {
    ...same,
    catalogue: { ...catalogue, find, defaults, mayCall },
    named: { ...named, find: findPlace },
  };
}

interface Question<Found> {
  /** The same for questions that have one answer. */
  key: unknown[];
  look(): Promise<Found>;
}

function once<Given extends unknown[], Found>(
  question: (...given: Given) => Question<Found>,
): (...given: Given) => Promise<Found> {
  const answers = new Map<string, Promise<Found>>();
  return (...given) => {
    const { key, look } = question(...given);
    const name = JSON.stringify(key);
    const answer = answers.get(name) ?? look();
    answers.set(name, answer);
    return answer;
  };
}
