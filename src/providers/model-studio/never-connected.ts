/** Connections that could not be made, be it for a certificate or a proxy: what was to go over one was surely never sent. */
import type { buildConnector } from 'undici';

const failures = new WeakSet<object>();

/** Connects as `connect` does, and takes note of why it could not. */
export function connectTelling(connect: buildConnector.connector): buildConnector.connector {
  return (target, done) =>
    connect(target, (...given) => {
      if (given[0]) failures.add(given[0]);
      done(...given);
    });
}

/** The request failed with its connection. */
export function isNeverConnected(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && failures.has(cause);
}
