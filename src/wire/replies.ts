/** Builds the few backend messages that the gateway sends itself. */
import { isUtf8 } from 'node:buffer';

const textOid = 25;

/** One row of one text column, as the whole answer to a simple query. */
export function textAnswer(column: string, value: string): Buffer {
  const name = Buffer.from(`${column}\0`);
  const text = Buffer.from(value);
  // Field: name, table oid, attribute number, type oid, type size (-1 variable), type modifier, format (0 text).
  const field = Buffer.alloc(18);
  field.writeInt32BE(textOid, 6);
  field.writeInt16BE(-1, 10);
  field.writeInt32BE(-1, 12);
  return Buffer.concat([
    frame('T', int16(1), name, field),
    frame('D', int16(1), int32(text.length), text),
    frame('C', Buffer.from('SELECT 1\0')),
    frame('Z', Buffer.from('I')),
  ]);
}

/** The whole answer to a statement that returns no rows. */
export function commandDone(tag: string): Buffer {
  return Buffer.concat([commandComplete(tag), frame('Z', Buffer.from('I'))]);
}

export function commandComplete(tag: string): Buffer {
  return frame('C', Buffer.from(`${tag}\0`));
}

export interface ErrorFields {
  severity: 'FATAL' | 'ERROR';
  sqlstate: string;
  message: string;
  hint?: string;
}

export interface NoticeFields {
  message: string;
  hint: string;
}

/** A client takes one at any time, between two frames. */
export function noticeResponse({ message, hint }: NoticeFields): Buffer {
  const parts = ['SNOTICE', 'VNOTICE', 'C00000', `M${message}`, `H${hint}`];
  return frame('N', Buffer.from(`${parts.join('\0')}\0\0`));
}

/** @see https://www.postgresql.org/docs/current/protocol-error-fields.html */
export function errorResponse(fields: ErrorFields): Buffer {
  const parts = [`S${fields.severity}`, `V${fields.severity}`, `C${fields.sqlstate}`, `M${fields.message}`];
  if (fields.hint) parts.push(`H${fields.hint}`);
  return frame('E', Buffer.from(`${parts.join('\0')}\0\0`));
}

/**
 * An ErrorResponse or NoticeResponse with some fields changed; undefined if `edit` changes none. Fields are keyed by their one-letter code,
 * in order.
 */
export function editFields(whole: Buffer, edit: (fields: Map<string, string>) => void): Buffer | undefined {
  // Keeps the bytes of any client_encoding as they are.
  const encoding = isUtf8(whole.subarray(5)) ? 'utf8' : 'latin1';
  const before = whole.toString(encoding, 5, whole.length - 2);
  const fields = new Map(before.split('\0').map((field) => [field.charAt(0), field.slice(1)]));
  edit(fields);
  const after = [...fields].map(([code, value]) => code + value).join('\0');
  if (after === before) return undefined;
  return frame(whole.toString('latin1', 0, 1), Buffer.from(`${after}\0\0`, encoding));
}

/** A Query or Parse frame with its text replaced. */
export function replaceText(frameBytes: Buffer, start: number, end: number, text: Buffer): Buffer {
  const replacement = Buffer.concat([frameBytes.subarray(0, start), text, frameBytes.subarray(end)]);
  replacement.writeUInt32BE(replacement.length - 1, 1);
  return replacement;
}

function frame(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
