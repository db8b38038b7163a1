/** JSON as it comes from clients and providers, whose fields may be anything, and as PostgreSQL can store it. */
import { isLosslessNumber, parse, stringify } from 'lossless-json';

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object that a text is; undefined where it is none. */
export function objectIn(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The object at a path of names, or an empty one. */
export function objectAt(from: Json, ...names: string[]): Json {
  let value: unknown = from;
  for (const name of names) value = isObject(value) ? value[name] : undefined;
  return isObject(value) ? value : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** As JSON.parse, but a number keeps its own text: 9007199254740993 and 1.10 are what they were. For what is passed on, not reckoned with. */
export function parseExactly(text: string): unknown {
  return parse(text);
}

export const isExactNumber = isLosslessNumber;

/** The JSON text of what parseExactly gave; fields are in the order in which they stand. */
export function exactText(value: unknown): string {
  return stringify(value) ?? 'null';
}

/** What no text of PostgreSQL can hold: a NUL, and half of a pair of surrogates. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

export function storable(text: string): string {
  return isStorable(text) ? text : text.replaceAll('\0', '').toWellFormed();
}

/** Deeper than anybody means it; what is deeper would not fit on a stack. */
const deepest = 64;

/** JSON that PostgreSQL can store and cast, whatever its texts and names contain and however deep it is. */
export function storableJson(value: unknown): string {
  return JSON.stringify(cleaned(value, 0)) ?? 'null';
}

function cleaned(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return storable(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepest) return null;
  if (Array.isArray(value)) return value.map((item) => cleaned(item, depth + 1));
  if (value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [storable(name), cleaned(field, depth + 1)]),
  );
}
