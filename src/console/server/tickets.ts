/**
 * One-time addresses that sign the gateway's owner in to its console without a password, as a notebook server prints them. Whoever can read
 * runtime.json, which has the owner's password and this key, can make one: `hologen open` does. They stand behind the #, so that no server,
 * proxy or referrer is told of them.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { sameToken } from './same-token.js';

const goodForMs = 15 * 60_000;

/** A new key each time the gateway starts: what was printed before is worth nothing then. */
export function newTicketKey(): string {
  return randomBytes(32).toString('base64url');
}

/** An address that signs in once, within a quarter of an hour. */
export function signInAddress(page: string, ticketKey: string, now = Date.now()): string {
  const claim = `${now + goodForMs}.${randomBytes(16).toString('base64url')}`;
  return `${page}#/gallery?ticket=${claim}.${signed(claim, ticketKey)}`;
}

export interface Tickets {
  /** True for a ticket that was never shown before, and is not too old. */
  take(ticket: string): boolean;
}

export function createTickets(key: string, now: () => number = Date.now): Tickets {
  /** Each with the time after which it would be too old anyhow. */
  const taken = new Map<string, number>();
  return {
    take(ticket) {
      const [until = '', name = '', signature = ''] = ticket.split('.');
      if (!sameToken(signature, signed(`${until}.${name}`, key)) || Number(until) < now()) return false;
      for (const [old, end] of taken) if (end < now()) taken.delete(old);
      if (taken.has(name)) return false;
      taken.set(name, Number(until));
      return true;
    },
  };
}

function signed(claim: string, key: string): string {
  return createHmac('sha256', key).update(claim).digest('base64url');
}
