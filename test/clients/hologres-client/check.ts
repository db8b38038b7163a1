/** A check of what Alibaba's own command-line client asks: what it is called there, what is sent, and what is to come back. */
import { expect } from 'vitest';

export interface Command {
  statement?: string;
  parameters?: unknown[];
  call?: string;
  arguments?: string[];
  /** Of a COPY: a text to send, or '' to receive. */
  copied?: string;
  write?: boolean;
}

export interface Answer {
  types?: number[];
  rows?: Record<string, unknown>[];
  error?: string;
  sqlstate?: string;
  state: string;
}

/** Its name in the client, what is sent, and what is to come back: rows in part, or a judgement of the answer. */
export type Check = [
  name: string,
  command: Command,
  expected: Record<string, unknown>[] | ((answer: Answer) => void),
];

export const read = (statement: string, ...parameters: unknown[]): Command =>
  parameters.length > 0 ? { statement, parameters } : { statement };
export const write = (statement: string, ...parameters: unknown[]): Command => ({
  ...read(statement, ...parameters),
  write: true,
});
export const call = (name: string, ...args: string[]): Command => ({
  call: name,
  arguments: args,
  write: true,
});
export const done = ({ rows }: Answer) => expect(rows).toEqual([]);
export const columns =
  (...names: string[]) =>
  ({ rows }: Answer) =>
    expect(Object.keys(rows?.[0] ?? {}).slice(0, names.length)).toEqual(names);
export const refused =
  (sqlstate: string, message: RegExp) =>
  (answer: Answer): void =>
    expect(answer).toMatchObject({ sqlstate, error: expect.stringMatching(message) });
