/**
 * What ended a look, in words: of an error of the engine only what kind it is. Its message may tell values of rows, and speaks of something that the
 * statement itself has not met.
 */

/** What the gateway itself ends a look with; see lostWhileLooking. */
export const notSeen = 'a call stands where it is not seen';
export const unknownParameters = 'its parameters are not known beforehand';

/** By the beginning of an SQLSTATE, the longer ones first. */
const kinds: readonly (readonly [string, string])[] = [
  ['22012', 'something is divided by zero while results are not there yet'],
  ['22', 'a value cannot be computed while results are not there yet'],
  ['23', 'a check or a domain refuses NULL, which stands for results that are not there yet'],
  ['P0', 'a function ends with an error while results are not there yet'],
  ['42501', 'something in it may not be read'],
  ['42', 'something in it is not found'],
  ['0A', 'something in it cannot be looked at'],
  ['25', 'the transaction allows no look'],
  ['40', 'others have changed what it reads'],
  ['55', 'others hold what it reads'],
  ['53', 'the engine has no room for it'],
  ['54', 'it is too large or nested too deeply'],
];

export function lookProblem(state: string | undefined, message: string): string {
  if (state === undefined || (state === '0A000' && [notSeen, unknownParameters].includes(message)))
    return message;
  const [, words = 'an error ended the look'] = kinds.find(([begin]) => state.startsWith(begin)) ?? [];
  return `its calls could not be looked for: ${words} (SQLSTATE ${state})`;
}
