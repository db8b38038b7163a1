/** A statement with a name of its own. */
import type { Sent } from '../wire-session.js';

/** Its name, what is sent, perhaps one after another, and what is run in its transaction before. */
export type Case = [name: string, sent: string | Sent | (string | Sent)[], ...setup: string[]];

/** Sent with parameters whose types the server finds out. */
export function sent(parameters: (string | null)[], text: string): Sent {
  return { text, parameters };
}
