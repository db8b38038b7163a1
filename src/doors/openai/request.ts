/** What the bodies of OpenAI's requests have in common, read: known fields, the place where a picture is saved, and options that mean nothing here. */
import { isObject, type Json, refuse, refuseUnknown } from '../../fields.js';

/** Fields that OpenAI's clients send and that change nothing where they have one of these values; any other value would be ignored, so it is refused. */
export type Idle = Record<string, readonly unknown[]>;

/** Refuses fields that are neither known nor idle, so that nothing is paid for that was not meant. */
export function refuseOthers(body: Json, known: readonly string[], idle: Idle, where: string): void {
  for (const [name, values] of Object.entries(idle)) {
    const value = body[name];
    if (value === undefined || value === null || values.includes(value)) continue;
    refuse(
      name,
      value,
      `left out${values.length > 0 ? ` or ${values.map((each) => JSON.stringify(each)).join(', ')}` : ''}`,
      `${name} has no meaning here.`,
    );
  }
  refuseUnknown(body, [...known, 'user'], where, Object.keys(idle));
}

export function textAt(body: Json, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' && value !== '' ? value : refuse(name, value, 'a text that is not empty');
}

export function requiredTextAt(body: Json, name: string): string {
  return textAt(body, name) ?? refuse(name, undefined, 'a text');
}

/** Numbers of a multipart form are texts. */
export function wholeNumberAt(body: Json, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number)
    ? number
    : refuse(name, value, 'a whole number');
}

/** `1024x1024` as hologen writes it; undefined: as the model likes. */
export function sizeAt(body: Json): string | undefined {
  const size = textAt(body, 'size');
  if (size === undefined || size === 'auto') return undefined;
  return /^\d+[x*]\d+$/.test(size)
    ? size.replace('x', '*')
    : refuse('size', size, 'widthxheight, such as 1024x1024, or auto');
}

/** Fields of hologen's own requests that a client may send beside OpenAI's: its SDKs have extra_body for them. */
export const ownMediaFields = [
  'negative_prompt',
  'reference_urls',
  'output_dir',
  'parameters',
  'file',
] as const;

/** Those of them that belong into the request, and the three texts of the FILE, NULLs without one. */
export function ownMedia(body: Json): { request: Json; file: (string | null)[]; parameters: Json } {
  const { negative_prompt, reference_urls, output_dir, parameters, file } = body;
  if (parameters !== undefined && !isObject(parameters)) refuse('parameters', parameters, 'an object');
  return {
    request: { negative_prompt, reference_urls, output_dir },
    parameters: isObject(parameters) ? parameters : {},
    file: fileTexts(file),
  };
}

function fileTexts(file: unknown): (string | null)[] {
  if (file === undefined || file === null) return [null, null, null];
  if (!isObject(file)) return refuse('file', file, 'an object with oss_path, oss_endpoint and role_arn');
  return ['oss_path', 'oss_endpoint', 'role_arn'].map((name) => requiredTextAt(file, name));
}
