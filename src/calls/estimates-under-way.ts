/**
 * Which engine processes run what is only estimated. A statement may take back what the session is set to (RESET ALL, a function's own settings);
 * that nothing of it is sent does not hang on that.
 */
import { KnownError } from '../errors.js';

export interface EstimatesUnderWay {
  /** The engine process runs from here on what this estimate is about. */
  begin(engineProcessId: number, estimate: string): void;
  end(engineProcessId: number, estimate: string): void;
  /** What the engine process ran has ended or failed. */
  over(engineProcessId: number): void;
  isUnderWay(engineProcessId: number): boolean;
  /** KnownError 0A000 for a call that is made in an estimate and says of none, or of another one. */
  require(engineProcessId: number, estimate: string | undefined): void;
}

/** Whoever asks by hand may begin as many as they like. */
const mostNested = 100;

export function createEstimatesUnderWay(): EstimatesUnderWay {
  /** Innermost last. */
  const underWay = new Map<number, string[]>();
  return {
    begin(engineProcessId, estimate) {
      const around = underWay.get(engineProcessId) ?? [];
      underWay.set(engineProcessId, [...around, estimate].slice(-mostNested));
    },
    end(engineProcessId, estimate) {
      const own = underWay.get(engineProcessId) ?? [];
      // With it those that it has begun.
      const left = own.includes(estimate) ? own.slice(0, own.indexOf(estimate)) : own;
      if (left.length > 0) underWay.set(engineProcessId, left);
      else underWay.delete(engineProcessId);
    },
    over: (engineProcessId) => void underWay.delete(engineProcessId),
    isUnderWay: (engineProcessId) => underWay.has(engineProcessId),
    require(engineProcessId, estimate) {
      const own = underWay.get(engineProcessId)?.at(-1);
      if (own !== undefined && own !== estimate) throw tookBack();
    },
  };
}

function tookBack(): KnownError {
  return new KnownError({
    kind: 'featureNotSupported',
    message: 'a statement that is estimated has taken back the settings of its estimate, and calls',
    hint: 'Estimate it without its RESET ALL or DISCARD ALL.',
  });
}
