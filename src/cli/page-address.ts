/** The address of a gateway's console that a person is shown. */
import { signInAddress } from '../console/server/tickets.js';
import { isLoopback } from '../public-address.js';
import type { RunFile } from '../run-file.js';

/**
 * One that signs in, once. Where others can reach the console too it is the bare one: what is printed may be collected with logs, and
 * `hologen open` makes the other.
 */
export function pageAddress({ console: page, ticketKey }: RunFile): string | undefined {
  if (page === null) return undefined;
  return ticketKey !== null && isLoopback(new URL(page)) ? signInAddress(page, ticketKey) : page;
}
