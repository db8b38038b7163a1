/** What a gateway that is told to stop asks of its calls: which statements wait for nothing but paused models, and whether all else is over. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Services } from './course.js';
import type { Decider } from './decide.js';
import type { Awaited } from './hold-up.js';
import type { Statement, Statements } from './statement.js';

/** An answer is written down at once, if the engine takes it. */
const longestHearingMs = 5_000;

export interface EndOfGateway {
  /** The engine process waits for nothing but calls that are not sent because their models are paused. */
  isPaused(engineProcessId: number): boolean;
  /** Resolves when everything that was sent has its outcome in the ledger, but for what is held up. */
  settled(): Promise<void>;
  /** Nothing is sent from now on; what was sent is followed. */
  sendNoMore(): void;
  /** What is open still is left to the next gateway. */
  leave(): void;
  /** Resolves when the answers that the provider has given are in the ledger: nothing is asked of it any more. Not for long. */
  heard(): Promise<void>;
}

interface Surroundings {
  statements: Statements;
  decider: Decider;
  services: Services;
}

export function createEndOfGateway(around: Surroundings): EndOfGateway {
  const { decider, services, statements } = around;
  return {
    isPaused: (engineProcessId) => {
      const own = statements.running().filter(({ origin }) => origin.engineProcessId === engineProcessId);
      return own.length > 0 && own.every((statement) => waitsForPaused(statement, around));
    },
    async settled() {
      // What is held up, or waits in a line, goes on with the next gateway.
      const going = [...decider.underWay.values()].filter(
        ({ awaited }) => !awaited.holdUp && awaited.line === undefined,
      );
      await Promise.allSettled(going.map((job) => job.end));
    },
    async heard() {
      const until = Date.now() + longestHearingMs;
      const isLeft = () => [...decider.underWay.values()].some(({ awaited }) => awaited.isAsked);
      while (isLeft() && Date.now() < until) await delay(20);
    },
    sendNoMore: () => services.schedule.end(),
    leave() {
      for (const { awaited } of decider.underWay.values()) awaited.left = true;
    },
  };
}

function isInPausedLine({ line }: Awaited, { schedule }: Services): boolean {
  return line !== undefined && schedule.pauseOf(line) !== undefined;
}

/** All that is left of it, its own calls or the one of ai_submit that it collects. */
function waitsForPaused({ calls, collects }: Statement, { decider, services }: Surroundings): boolean {
  const left = calls.map(({ course }) => course).filter(({ call }) => call.state !== 'ended');
  const collected = decider.underWay.get(collects ?? '');
  if (left.length === 0) return collected !== undefined && isInPausedLine(collected.awaited, services);
  return left.every(
    ({ call, checked }) =>
      (call.state === 'queued' || call.state === 'waiting') &&
      services.schedule.pauseOf(checked.model.modelType) !== undefined,
  );
}
