/** The error of a call whose statement ended first. */
import { KnownError } from '../errors.js';

/** Of a call that nobody waits for any more. */
export function overBeforeSent(): KnownError {
  return new KnownError({
    kind: 'queryCanceled',
    message: 'the statement ended before the call was sent',
  });
}
