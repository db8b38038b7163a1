/** Reads the fields of a request, one reader a kind; what does not fit is an error with field, value, what is allowed and a HINT. */
import { KnownError } from './errors.js';
import { isObject, type Json } from './json.js';

export { isObject, type Json };

/** Refuses a field's value. `allowed` completes "… must be …". */
export function refuse(field: string, value: unknown, allowed: string, hint?: string): never {
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `${field} must be ${allowed}, not ${show(value)}`,
    hint: hint ?? `Set ${field} to ${allowed}.`,
  });
}

/** Any JSON value, short enough for an error message. */
export function show(value: unknown): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** JSON null counts as absent, because json_build_object writes it for SQL NULL. */
function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function requiredText(from: Json, name: string, label = name): string {
  const value = from[name];
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (!given(value)) {
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: `the request has no ${label}`,
      hint: `Add it: json_build_object('${name}', '${name.endsWith('_url') ? 'oss://bucket/path/file.png' : '…'}', …)::text.`,
    });
  }
  return refuseText(label, value, `Give ${label} a value; in a query, filter such rows out or coalesce it.`);
}

function refuseText(label: string, value: unknown, emptyHint: string): never {
  const isEmpty = typeof value === 'string';
  return refuse(
    label,
    value,
    isEmpty ? 'a text that is not empty' : 'a text',
    isEmpty ? emptyHint : `Write ${label} as one text in quotes.`,
  );
}

export function optionalText(from: Json, name: string, label = name): string | undefined {
  const value = from[name];
  if (!given(value)) return undefined;
  return typeof value === 'string' && value !== ''
    ? value
    : refuseText(label, value, "Leave it out, or make it NULL with nullif(…, '').");
}

export function optionalBoolean(from: Json, name: string, label = name): boolean | undefined {
  const value = from[name];
  if (!given(value)) return undefined;
  return typeof value === 'boolean'
    ? value
    : refuse(label, value, 'true or false', `Write ${label} without quotes: TRUE or FALSE.`);
}

export function optionalInteger(
  from: Json,
  name: string,
  [least, most]: [number, number],
  label = name,
): number | undefined {
  const value = from[name];
  if (!given(value)) return undefined;
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
  if (fits) return value;
  const allowed = least === most ? String(least) : `a whole number from ${least} to ${most}`;
  const quoted = typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value);
  return refuse(
    label,
    value,
    allowed,
    quoted
      ? `Write the number without quotes: ${value.trim()}; a text column needs a cast, …::int.`
      : `Set ${label} to ${allowed}, or leave it out for the default.`,
  );
}

export function optionalNumber(
  from: Json,
  name: string,
  [least, most]: [number, number],
  label = name,
): number | undefined {
  const value = from[name];
  if (!given(value)) return undefined;
  return typeof value === 'number' && value >= least && value <= most
    ? value
    : refuse(label, value, `a number from ${least} to ${most}`);
}

export function optionalChoice(
  from: Json,
  name: string,
  choices: readonly string[],
  label = name,
): string | undefined {
  const value = from[name];
  if (!given(value)) return undefined;
  return typeof value === 'string' && choices.includes(value) ? value : refuse(label, value, oneOf(choices));
}

export function optionalTexts(from: Json, name: string): string[] | undefined {
  const value = from[name];
  if (!given(value)) return undefined;
  const fits = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return fits
    ? value
    : refuse(name, value, 'an array of texts', `Write ARRAY['oss://bucket/path/file.png', …].`);
}

export function optionalObject(from: Json, name: string): Json {
  const value = from[name];
  if (!given(value)) return {};
  return isObject(value) ? value : refuse(name, value, 'an object', `Write '${name}', json_build_object(…).`);
}

/** Refuses fields outside `known`, so that a typing mistake is not paid for. */
export function refuseUnknown(
  from: Json,
  known: readonly string[],
  where: string,
  /** Checked elsewhere already. */
  checked: readonly string[] = [],
): void {
  for (const [name, value] of Object.entries(from)) {
    if (known.includes(name) || checked.includes(name) || !given(value)) continue;
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: `unknown field "${name}" in ${where}`,
      detail: `Its value is ${show(value)}.`,
      hint: `Known here: ${known.join(', ')}.`,
    });
  }
}

export function oneOf(choices: readonly string[]): string {
  return choices.length === 1 ? `${choices[0]}` : `one of ${choices.join(', ')}`;
}
