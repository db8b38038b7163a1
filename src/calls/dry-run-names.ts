/** Names that only a dry run gives out: handles of its calls, and paths at which nothing lies. */
import type { StoragePath } from '../storage/path.js';

/** Handles that ai_submit gives in a dry run. */
export const dryRunPrefix = 'dry-run-';

/** Names that only a dry run gives out: a later call of the same run may use them as its media. */
const pretended = /(^|\/)dry-run-[0-9a-f-]{36}(-\d+)?\.\w+$/;

export function isPretended(path: StoragePath): boolean {
  return pretended.test(path.key);
}
