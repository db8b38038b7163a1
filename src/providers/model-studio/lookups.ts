/** Requests that only ask about tasks, within the account's limit: with very many tasks each is looked at more rarely, in turn. */

import type { Schedule } from '../../pace/schedule.js';
import { ProviderFailure } from '../provider.js';
import type { LookupTurn } from './connection.js';

const mostRefusals = 10;

/** A lookup that is refused for being one too many is sent again. Cancels have every other turn: they must not wait behind all looks. */
export function createLookupTurns(schedule: Schedule): LookupTurn {
  return async (kind, apiKey, signal, send) => {
    const gate = schedule.lookups(apiKey);
    const leave = await gate.enter(signal, kind);
    try {
      for (let refused = 0; ; refused++) {
        try {
          const answer = await send();
          gate.taken();
          return answer;
        } catch (error) {
          const throttled = error instanceof ProviderFailure && error.repeat === 'wait';
          if (!throttled || refused === mostRefusals) throw error;
          await gate.again({ throttled, askedMs: error.retryAfterMs }, signal);
        }
      }
    } finally {
      leave();
    }
  };
}
