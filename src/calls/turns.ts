/** How many calls of one statement wait in the provider's lines: more are opened when one of these lines would run dry. */
import { whenAborted } from '../pace/when-aborted.js';
import type { StatementCall } from './statement.js';

export interface Turns {
  /** The call waits from now on, until it is sent or has ended. */
  wait(call: StatementCall): void;
  /** Resolves when a line that one of these calls goes to has room; rejects with the reason of the signal when that comes first. */
  room(calls: StatementCall[], stop: AbortSignal): Promise<void>;
}

/** Of one model: opening as many again takes less time than a provider needs for them. */
const enough = 500;

export function createTurns(): Turns {
  const waiting = new Map<string, number>();
  let tell = () => {};

  function count(model: string, change: number): void {
    waiting.set(model, (waiting.get(model) ?? 0) + change);
    if (change < 0) tell();
  }

  return {
    wait({ checked: { model }, course }) {
      count(model.name, 1);
      course.turned = () => {
        course.turned = undefined;
        count(model.name, -1);
      };
    },
    async room(calls, stop) {
      const models = [...new Set(calls.map(({ checked }) => checked.model.name))];
      while (models.every((model) => (waiting.get(model) ?? 0) >= enough)) {
        await new Promise<void>((resolve, reject) => {
          const quiet = whenAborted(stop, () => reject(stop.reason));
          tell = () => {
            quiet();
            resolve();
          };
        });
      }
      stop.throwIfAborted();
    },
  };
}
