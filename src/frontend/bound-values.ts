/** The parameters of what a session executes, as its client sent them: the engine's functions cannot look at them. */

import type { cursorSteps } from '../rewriter/cursor-steps.js';

/** How many rows an Execute asks for; 0: all, as PostgreSQL takes what is less, too. */
export function rowsAsked(execute: Buffer): number {
  return Math.max(0, execute.readInt32BE(execute.length - 4));
}

/** Text, or the type's binary form; null: NULL. */
export type BoundValue = string | Buffer | null;

/** Longer ones are not kept. */
export const longestBind = 256 * 1024;

/** From a Bind message; undefined if it is too long, or none that the engine would take. Its layout: portal, statement, formats, values, formats of the results. */
export function readBoundValues(frame: Buffer): BoundValue[] | undefined {
  return frame.length > longestBind ? undefined : unlessMalformed(() => valuesIn(frame));
}

/** What a client says of lengths need not be true. */
function unlessMalformed<Read>(read: () => Read): Read | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function valuesIn(frame: Buffer): BoundValue[] {
  let at = frame.indexOf(0, frame.indexOf(0, 5) + 1) + 1;
  const next16 = () => {
    at += 2;
    return frame.readUInt16BE(at - 2);
  };
  const formats = Array.from({ length: next16() }, next16);
  const count = next16();
  return Array.from({ length: count }, (_, index) => {
    const length = frame.readInt32BE(at);
    at += 4;
    if (length < 0) return null;
    const value = frame.subarray(at, at + length);
    at += length;
    const isBinary = (formats.length === 1 ? formats[0] : formats[index]) === 1;
    return isBinary ? Buffer.from(value) : value.toString('utf8');
  });
}

/** The types that a Parse message gives its parameters, by their numbers; 0: to be inferred. Undefined as above. */
export function readParameterTypes(frame: Buffer): number[] | undefined {
  return unlessMalformed(() => typesIn(frame));
}

function typesIn(frame: Buffer): number[] {
  const at = frame.indexOf(0, frame.indexOf(0, 5) + 1) + 1;
  return Array.from({ length: frame.readUInt16BE(at) }, (_, index) => frame.readUInt32BE(at + 2 + 4 * index));
}

/** A statement whose text was looked at. */
export interface Prepared {
  /** As the engine has it. */
  text: string;
  /** Those of its parameters that the client gave; 0: to be inferred. */
  types: number[];
  /** What it does with cursors, if it is a statement that may; 'unread': nobody knows. */
  cursors?: NonNullable<ReturnType<typeof cursorSteps>> | 'unread' | undefined;
}

/** What is executed: the types that were given, and the values that were bound. */
export interface Bound extends Prepared {
  values: BoundValue[];
  /** Of its Bind. */
  bytes: number;
  /** So often it was executed: each time for some of its rows. */
  executions: number;
  /** So many of its rows were read before what the engine is at; undefined: nobody knows. */
  passed?: number | undefined;
  /** Its portal has a name, by which FETCH finds it, too. */
  isNamed: boolean;
  /** Its statement has one: it may have been prepared long ago. */
  isKept: boolean;
  /** It was bound before what the client has sent last. */
  isOpened: boolean;
}
