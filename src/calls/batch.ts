/**
 * Statements that a client sends together, in one text or in one pipe: an error in one of them ends those behind it, and undoes all, as an error
 * of one row does with a statement. So the calls of all are looked for before the first is made, as far as no statement reads what another writes.
 */
import type { SubmittedCall } from './check.js';
import { hasFound, type LookAhead, mayLookAgain } from './look-ahead.js';
import type { Bound, Part, Since } from './sql-reader.js';

/** An Execute that stands in the client's pipe, for so many rows; 0: all. `text`: as the engine has it. */
export interface Standing {
  bound: Bound & { text: string };
  rows: number;
}

/** See frontend/pipe.ts. */
export interface StandingPipe {
  runs: Standing[][];
  certain: boolean;
  hides: boolean;
  query: string | undefined;
}

export interface Batch<Statement, Call> {
  /** In their order. Those of one text have one statement. */
  parts: BatchPart<Statement, Call>[];
  oneText: boolean;
  /** Each statement that is to be planned, once. */
  forms: Form[];
  /** The engine looks; so many parts it has begun with, and tells of the calls of this one (from 1). */
  looking: boolean;
  begun: number;
  telling: number;
  /** Their calls are being sent, up to one that is refused. */
  started: boolean;
}

export interface BatchPart<Statement, Call> {
  form: Form;
  values: Bound['values'];
  statement: Statement;
  ahead: LookAhead<Call>;
}

export interface Form {
  part: Part;
  /** The parameters' types as the client gave them, and by name as the engine has found them. */
  given: number[];
  types: string[];
  since: Since | undefined;
}

/** The calls that were found of a part, as they are to be sent. */
export function callsOf<Call>({ ahead }: BatchPart<unknown, Call>): Call[] {
  return [...ahead.inOrder];
}

/** Of one text with several statements: the part that makes the call. */
export function partOfCall<Call>(
  given: SubmittedCall,
  batch: Batch<unknown, Call> | undefined,
): LookAhead<Call> | undefined {
  return batch?.oneText ? batch.parts.find(({ ahead }) => hasFound(ahead, given))?.ahead : undefined;
}

/**
 * Of statements that were expected, in their order, the one that makes the call: it was found there, or it stands in front and comes to a call that
 * could not be found before. `passed`: those before it, whose rows are gone.
 */
export function whoseCall<
  Known extends {
    isExpected: boolean;
    standingText: string | undefined;
    ahead: LookAhead<unknown> | undefined;
  },
>(statements: readonly Known[], given: SubmittedCall): { next: Known; passed: Known[] } | undefined {
  const ofText = statements.filter(
    ({ isExpected, standingText, ahead }) => isExpected && standingText === given.engineText && ahead,
  );
  const found = ofText.findIndex(({ ahead }) => ahead && hasFound(ahead, given));
  const next = found < 0 ? unlessFound(ofText[0]) : ofText[found];
  return next && { next, passed: ofText.slice(0, Math.max(found, 0)) };
}

function unlessFound<Known extends { ahead: LookAhead<unknown> | undefined }>(
  first: Known | undefined,
): Known | undefined {
  return first?.ahead?.comesLater && mayLookAgain(first.ahead) ? first : undefined;
}
