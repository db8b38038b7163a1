/** Asks the console's server. */
import { signal } from '@preact/signals';
import type { About, Problem, WhoAmI } from '../server/answers.js';
import { place, refine } from './place.js';

/** Who is signed in; undefined while it is not known, null for nobody. */
export const whoAmI = signal<WhoAmI | null | undefined>(undefined);

/** Undefined while it is not known. */
export const about = signal<About | undefined>(undefined);

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.message);
  }
}

export function get<T>(
  path: string,
  parameters: Record<string, string | undefined> = {},
  signal?: AbortSignal,
): Promise<T> {
  const given = Object.entries(parameters).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const query = new URLSearchParams(given).toString();
  return exchange<T>(query ? `${path}?${query}` : path, { signal });
}

export function post<T>(path: string, content: unknown = {}): Promise<T> {
  return exchange<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-csrf-token': whoAmI.value?.csrfToken ?? '' },
    body: JSON.stringify(content),
  });
}

async function exchange<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, credentials: 'same-origin' });
  const content = await response.json().catch(() => ({}));
  if (response.ok) return content as T;
  // The session is over: whatever page is open, the visitor signs in again.
  if (response.status === 401 && path !== '/api/session') whoAmI.value = null;
  throw new Refused(response.status, content.problem ?? { message: `HTTP ${response.status}` });
}

export function problemOf(error: unknown): Problem {
  if (error instanceof Refused) return error.problem;
  return { message: error instanceof Error ? error.message : String(error) };
}

/** Signs in with the ticket of a one-time address, else finds out whether the browser still has a session. */
export async function recallSession(): Promise<void> {
  about.value = await get<About>('/api/about').catch(() => undefined);
  const { ticket, ...others } = Object.fromEntries(place.value.parameters);
  if (ticket !== undefined) {
    // Gone from the address at once: it is good for nothing any more.
    refine(others);
    whoAmI.value = await post<WhoAmI>('/api/session', { ticket }).catch(() => undefined);
    if (whoAmI.value) return;
  }
  whoAmI.value = await get<WhoAmI | null>('/api/session').catch(() => null);
}
