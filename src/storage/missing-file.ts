/** A file that its store says is not there: one that may not be read now may be there all the same. */
import { KnownError, type KnownErrorFields } from '../errors.js';

export class MissingFile extends KnownError {
  constructor(fields: Omit<KnownErrorFields, 'kind'>) {
    super({ kind: 'undefinedFile', ...fields });
  }
}
