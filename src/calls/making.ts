/** What calls that stand as written are made with. */
import type { CallOrigin } from '../ledger/job.js';
import type { SubmittedCall } from './check.js';
import type { SqlReader } from './sql-reader.js';
import type { Statement, StatementCall, Statements } from './statement.js';

/**
 * What the engine knows of names in a plan: those that may give something else each time; and whether AI functions' names may mean others.
 * `doubt`: what else may be different when its turn comes.
 */
export interface NamesFound {
  unsure: string[];
  others: boolean;
  doubt: string | undefined;
}

/** What the calls of statements are made with. */
export interface Making {
  statements: Statements;
  reader: SqlReader;
  /** `statement`: of a call of one that is expected. */
  newCall(given: SubmittedCall, origin: CallOrigin, statement?: Statement): Promise<StatementCall>;
  add(call: StatementCall): Promise<{ handle: string }>;
  /** The same for calls that come together. */
  together(): Making;
}
