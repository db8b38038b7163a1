/** Counts the ReadyForQuery messages that the engine still owes: a session is idle when there are none. */
import { frontendType } from '../wire/frames.js';

export interface OwedAnswers {
  sent(frontendMessage: number): void;
  /** The engine takes COPY data now. */
  copyBegins(): void;
  /** Notes a ReadyForQuery; true when no other is owed. */
  answered(): boolean;
}

/** @see https://www.postgresql.org/docs/current/protocol-flow.html */
export function createOwedAnswers(): OwedAnswers {
  /** Startup ends with one too. */
  let owed = 1;
  /** Syncs behind the last Execute; undefined when it can start no COPY any more. */
  let behindExecute: number | undefined;

  return {
    sent(type) {
      switch (type) {
        case frontendType.query:
        case frontendType.functionCall:
          owed += 1;
          behindExecute = undefined;
          break;
        case frontendType.sync:
          owed += 1;
          if (behindExecute !== undefined) behindExecute += 1;
          break;
        case frontendType.execute:
          behindExecute = 0;
          break;
        case frontendType.copyDone:
        case frontendType.copyFail:
          behindExecute = undefined;
      }
    },
    copyBegins() {
      // In copy-in mode the engine ignores Sync; libpq sends one with the Execute and another behind the data.
      owed -= behindExecute ?? 0;
      behindExecute = undefined;
    },
    answered() {
      owed -= 1;
      return owed <= 0;
    },
  };
}
