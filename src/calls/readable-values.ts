/** Texts and parameters in an encoding of the client's own: only the engine can read them. */
import { type Json, textOf } from '../json.js';
import type { Bound } from './sql-reader.js';

/** The engine takes what has no encoding for UTF-8, as it is in the database. */
const likeUtf8 = new Set(['UTF8', 'SQL_ASCII']);

/** True where the values mean what they say as UTF-8, by what the session tells of itself. Of all encodings the ASCII characters are the same. */
export function areReadable(values: Bound['values'], settings: Json): boolean {
  const encoding = textOf(settings.encoding) ?? 'UTF8';
  return likeUtf8.has(encoding.toUpperCase()) || values.every(isAscii);
}

function isAscii(value: Bound['values'][number]): boolean {
  if (value === null) return true;
  return typeof value === 'string' ? /^[\0-\x7f]*$/.test(value) : value.every((byte) => byte < 0x80);
}
