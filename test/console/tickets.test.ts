/** Tickets of one-time addresses: what opens the console and what does not. */
import { expect, test } from 'vitest';
import { createTickets, newTicketKey, signInAddress } from '../../src/console/server/tickets.js';

const page = 'http://127.0.0.1:1/';
const key = newTicketKey();
const ticketOf = (address: string) =>
  new URLSearchParams(new URL(address).hash.split('?')[1]).get('ticket') ?? '';

test('a ticket opens once, and no more after a quarter of an hour', () => {
  let now = 1_000_000;
  const tickets = createTickets(key, () => now);
  const [one, two] = [0, 0].map(() => ticketOf(signInAddress(page, key, now)));
  expect([tickets.take(one ?? ''), tickets.take(one ?? '')]).toEqual([true, false]);
  now += 15 * 60_000 + 1;
  expect(tickets.take(two ?? '')).toBe(false);
});

test.each([
  ['of another gateway', () => ticketOf(signInAddress(page, newTicketKey()))],
  ['with a longer life', () => ticketOf(signInAddress(page, key)).replace(/^\d+/, '99999999999999')],
  ['under another name', () => ticketOf(signInAddress(page, key)).replace(/\.[^.]+\./, '.other.')],
  ['that is no ticket', () => 'ticket'],
  ['that is empty', () => ''],
])('a ticket %s opens nothing', (_, made) => {
  expect(createTickets(key).take(made())).toBe(false);
});
