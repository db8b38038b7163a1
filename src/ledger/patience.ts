/** How long the engine is waited for, and what it says that is no reason to give a write up. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import type { EnginePool } from '../engine/pool.js';
import { KnownError } from '../errors.js';

/** What is paid for must be written: an engine that is being restarted is waited for. */
const patienceMs = 120_000;
/** What became of a call that is paid for is written whenever the engine is back: the provider keeps what it made for as long. */
export const changePatienceMs = 24 * 3_600_000;
const pauseMs = 200;
const longestPauseMs = 5_000;
/**
 * PostgreSQL's classes of lost connections, of operators who intervene or shut it down, of what it is short of, of what is in use, of what its
 * system failed at, of what two gateways do at once, and of one that only reads for now.
 */
const passing = /^(08|57|53|55|58|40|25006)/;
/** Its classes of values that cannot be written, now or ever: of another type, against a constraint, too large, not supported. */
const ofValues = /^(0A|21|22|23|54)/;

export async function patiently<T>(
  pool: EnginePool,
  write: () => Promise<T>,
  longestMs = patienceMs,
): Promise<T> {
  for (const giveUpAt = Date.now() + longestMs; ; await delay(pauseMs)) {
    try {
      return await write();
    } catch (error) {
      if (pool.ending || !isPassing(error) || Date.now() > giveUpAt) throw error;
    }
  }
}

/** What the engine itself has not said is a connection that broke, in whoever's words; or our own mistake. */
function isPassing(error: unknown): boolean {
  return error instanceof pg.DatabaseError ? passing.test(error.code ?? '') : !isOurs(error);
}

/** Nobody else will put it right. */
function isOurs(error: unknown): boolean {
  return isOwnMistake(error) || error instanceof KnownError;
}

export function isOwnMistake(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

/**
 * For what became of one call, and whose it is. A password that was changed, a right that was revoked, a table that is being restored, a trigger of somebody else's:
 * as long as it is not the values' fault, somebody will put it right, and the call is paid for. `write` is asked again as a whole, so that it keeps
 * no other call's write from being done.
 */
export async function untilWritten<T>(pool: EnginePool, write: () => Promise<T>, log: Logger): Promise<T> {
  const giveUpAt = Date.now() + changePatienceMs;
  for (let times = 0; ; times++) {
    try {
      return await write();
    } catch (error) {
      if (pool.ending || isOfValues(error) || Date.now() > giveUpAt) throw error;
      if (times === 0)
        log.error({ err: error }, 'what became of a call cannot be written down for now; it is tried again');
    }
    await delay(Math.min(pauseMs * 2 ** Math.min(times, 10), longestPauseMs));
  }
}

function isOfValues(error: unknown): boolean {
  return error instanceof pg.DatabaseError ? ofValues.test(error.code ?? '') : isOurs(error);
}

/** Anybody's LISTEN in a transaction that stays open may fill it, with anybody's NOTIFY. */
export function isNotifyQueueFull(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '54000' && /NOTIFY/.test(error.message);
}
