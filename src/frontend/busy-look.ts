/**
 * Looks for the next message for a moment before the process sleeps: to be woken takes longer than many answers of the engine do. That pays where one
 * session alone takes quick turns with the engine; with several there is always something to do, and their engine processes need the processor.
 */
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';

/** Who has sent: a session's client, or the engine. */
export type Side = 0 | 1;

export interface BusyLook {
  /** The session has passed on what this side sent. */
  passed(session: object, side: Side): void;
}

interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Calls back in the next turn of the event loop, which does not sleep until then. */
  nextTurn(look: () => void): void;
}

const ownClock: Clock = { now: () => performance.now(), nextTurn: setImmediate };

/** `longestMs`: so long it looks at most, and only where the other side has answered as soon the last time. Undefined: never. */
export function createBusyLook(longestMs: number, { now, nextTurn } = ownClock): BusyLook | undefined {
  // The engine would wait for the only processor.
  if (longestMs <= 0 || availableParallelism() < 2) return undefined;
  /** How soon the other side answered each of them the last time. */
  const answeredSoon = [false, false];
  let last: object | undefined;
  let lastSide: Side = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  let isLooking = false;
  let isWanted = false;
  const look = (): void => {
    isLooking = isWanted && now() - lastAt < longestMs;
    if (isLooking) nextTurn(look);
  };
  return {
    passed(session, side) {
      if (last !== session) {
        // There are several. To ask for the time for each of their messages would cost as much as all else here.
        last = session;
        lastSide = side;
        lastAt = Number.NEGATIVE_INFINITY;
        isWanted = false;
        return;
      }
      const at = now();
      const takesTurns = lastSide !== side;
      if (takesTurns) answeredSoon[lastSide] = at - lastAt < longestMs;
      lastSide = side;
      lastAt = at;
      isWanted = takesTurns && answeredSoon[side] === true;
      if (!isWanted || isLooking) return;
      isLooking = true;
      nextTurn(look);
    },
  };
}
