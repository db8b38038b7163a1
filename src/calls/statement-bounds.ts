/** How much one statement may ask for. */
import { KnownError } from '../errors.js';
import type { CallArguments } from './check.js';
import type { Statement } from './statement.js';

export function refuseTooMany(statement: Statement): void {
  if (statement.calls.length + statement.detached.length < statement.maxCalls) return;
  throw new KnownError({
    kind: 'configurationLimitExceeded',
    message: `the statement makes more than ${statement.maxCalls} calls`,
    hint: 'SET ai_gen.max_calls to as many as you mean, or write a LIMIT.',
  });
}

/** They are kept until the statement is over: the gateway's memory is everybody's. */
const mostRequestCharacters = 64 * 1024 * 1024;

export function refuseTooLong({ request }: CallArguments, statement: Statement): void {
  statement.requestCharacters += request?.length ?? 0;
  if (statement.requestCharacters <= mostRequestCharacters) return;
  throw new KnownError({
    kind: 'programLimitExceeded',
    message: `the requests of the statement are more than ${mostRequestCharacters / 1024 / 1024} MiB together`,
    hint: 'Write a LIMIT, or keep media in a store and name their paths.',
  });
}
