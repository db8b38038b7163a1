/** Compares what was sent with what is secret, in a time that tells nothing of it. */
import { timingSafeEqual } from 'node:crypto';

export function sameToken(given: unknown, wanted: string): boolean {
  const [a, b] = [Buffer.from(String(given)), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
