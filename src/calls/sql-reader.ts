/** What is asked of whoever reads SQL. */

/**
 * Parameters: the engine's numbers of the types that the client gave (0: none), and values, as text or in the type's binary form. `executions`: so often
 * the client has asked for rows of them.
 */
export interface Bound {
  types: number[];
  values: (string | Buffer | null)[];
  executions: number;
  /** So many of its rows were read before what the engine is at; undefined: nobody knows. */
  passed?: number | undefined;
  /** By its name others may read rows of it. */
  isNamed: boolean;
  /** Its statement may have been prepared long ago, and its portal opened. */
  isKept: boolean;
  isOpened: boolean;
}

/** What can be told of texts and plans, by whoever reads SQL. */
export interface SqlReader {
  /** Of a client's text what may call. */
  calling(text: string): string;
  /**
   * Not false if the text is rewritten so that calls are submitted before they are waited for, unless this question to the session has a row, and in how many stages;
   * undefined: that is not told.
   */
  stagedUnless(
    text: string,
  ): { unless?: { text: string; values: [string] }; stages: number } | undefined | false;
  /** False: what calls stands neither in the query's text nor in its plan. */
  makesCalls(plan: unknown, text: string): boolean;
  aheadQuery(text: string): AheadQuery | StoredQuery | OneByOne;
  /** The query of a function or a block that makes a call; see is_inside. Undefined: that is not known. */
  blockQuery(context: string, clientText: string): Block | undefined;
  /** The client's statement with what PL/pgSQL functions give written out; undefined: they make no calls. `sources`: CREATE FUNCTION. */
  rowFunctionQuery(sources: string[], clientText: string): AheadQuery | OneByOne | undefined;
  /** The client's statement, of which these names may stand for such functions. */
  withRowFunctions(names: string[], clientText: string, otherwise: OneByOne): StoredQuery;
  /**
   * What has to be asked of the engine about a plan of which all rows are read, or some; or why its calls are not certain. `rowByRow`: why only as
   * many of them are as rows are wanted. `decides`: results decide which rows there are.
   */
  judgePlan(
    plan: unknown,
    query: Pick<AheadQuery, 'text' | 'seenLater' | 'inBodies' | 'unprinted' | 'since'>,
    read: 'all' | 'some',
  ): { rowByRow?: string; decides?: true } | { why: string };
  /** How many rows the query's own LIMIT takes; infinite without one, undefined where that is not known. */
  rowsOfLimit(query: string): number | undefined;
  /** What else is to be planned of a query, before what stands in its plan is certain. */
  besideOf(plan: unknown, query: AheadQuery, types: string[]): Beside | undefined;
  /** Why its calls may be others than those of the plan that it was looked at by. */
  whyOtherWay(plan: unknown, other: unknown, beside: Beside): string | undefined;
  /** How often the plan evaluates its only call for each row. */
  timesInRow(plan: unknown): number;
  /** The statements of a text, or why they are not read. */
  statementsIn(text: string): string[] | { why: string };
  /** A statement of several, or why its calls cannot be known beforehand. */
  partOf(text: string): Part | { why: string | undefined; calls: boolean; callsNothing?: boolean };
  /** The same as judgePlan of a statement of several. */
  judgePart(plan: unknown, part: Part, since: Since | undefined): JudgedPart | { why: string };
  /** What a statement writes to, as the engine is asked what else runs for its rows; undefined: nothing. */
  writtenTo(text: string): object | undefined;
  /** Of a reason why calls are made one after another: what to write, so that they are made at once; `together`: of statements that were sent so. */
  otherForm(why: string, together?: 'together'): string;
  /** The query with its parameters' values, as text, written out. `types`: the parameters' types by name. */
  withValues(query: string, types: string[], values: (string | null)[]): string;
  /** Values in a type's binary form as text. An error if that cannot be told. */
  valueTexts(types: string[], values: Bound['values']): Promise<(string | null)[]>;
}

export interface AheadQuery {
  /** With all its calls. */
  text: string;
  stages: number;
  parameters: boolean;
  /** Its parameters are of the types that they have in this text; in its own when left out. */
  typedBy?: string;
  /** PostgreSQL stops after as many rows as were asked for; what writes runs to its end. */
  stopsAtRows: boolean;
  /** Its cursor may go back over rows that it keeps, without a call that tells. */
  goesBack?: true;
  /** PostgreSQL plans it for its first rows, though it reads all. */
  plannedAsCursor?: true;
  /** `noted`: with its calls told many at a time. */
  forStage(stage: number, noted?: 'noted'): string;
  /** The same in more stages, where a call may decide about others of its stage. */
  apart?: Pick<AheadQuery, 'stages' | 'forStage'> | undefined;
  /** Its only call stands in (…).*, which PostgreSQL evaluates for each column. */
  isExpanded: boolean;
  /** It is looked at from inside a function, which may see what others have committed since the statement began. */
  seenLater?: 'reading' | 'writing';
  /** Keys of the blocks whose calls it makes, too. */
  serves?: string[];
  /** Functions that stand in those blocks. */
  inBodies?: string[];
  /** What it names that its plan may not. */
  unprinted?: object;
  /** What the engine may plan in its place. */
  beside?: Beside;
  /** Something runs between two of its rows, which may change settings: triggers of what it writes, or this text. */
  between?: string;
  since?: Since;
}

/** What names mean was found out when the query was prepared, or when a cursor was opened, perhaps with another search_path. */
export type Since = 'prepared' | 'opened';

/** `types`: of its parameters, for any values of which it is planned. `names`: functions of which it has calls, and the query what they give. */
export interface Beside {
  text: string;
  types?: string[];
  names?: string[];
}

/** Why calls are made one after another; `movesCursor`: those of a cursor's rows, which is elsewhere from then on; 'counted': where it is then is known. */
export interface OneByOne {
  why: string | undefined;
  movesCursor?: true | 'counted';
}

/**
 * What the statement runs is kept by the engine under a name: a prepared statement, a cursor of which so many rows are read, 0 for all, the only one
 * that a COMMIT keeps, or a materialized view that is filled; or it stands in a function, or is the client's own with what a function in it gives written out, or
 * with what is known of the table that it writes to.
 */
export interface StoredQuery {
  stored: 'prepared' | 'cursor' | 'held' | 'view' | 'block' | 'sql' | 'function' | 'table';
  name: string;
  rows: number;
  queryOf(text: string, types: string[], elsewhere: boolean): AheadQuery | OneByOne;
  /** What is run if nothing is kept under the name. */
  otherwise?: AheadQuery | OneByOne;
}

/** What makes calls inside a function; `key`: the same for each time that it is come to. `isWhole`: the statement itself is looked at. */
export interface Block {
  key: string;
  isWhole: boolean;
  query(): StoredQuery;
}

/** A statement of several, as whoever reads SQL tells of it. */
export interface Part {
  text: string;
  query: AheadQuery;
  calls: boolean;
  writes: object | undefined;
}

/** What was read when a statement was prepared: see the reader. */
export interface ReadOnce {
  moments: boolean;
  kinds: string[];
  operators: string[];
  types: string[];
}

/** What has to be asked of the engine about a part's plan. */
export interface JudgedPart {
  functions: string[];
  operators: string[];
  types: string[];
  relations: string[];
  uniqueScans: string[];
  ownOnly?: true;
  hides?: boolean;
  sources?: { tables: string[]; functions: string[] };
  scanned?: string[];
  ways?: boolean;
  tables?: string[];
  readOnce?: ReadOnce;
  reads: object[];
}
