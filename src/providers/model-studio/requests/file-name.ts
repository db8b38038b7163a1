/** How the files of a request are to be called, and what it calls its row: fields that are for the gateway and never sent. */
import { isObject, type Json, optionalText, refuse } from '../../../fields.js';
import { hasUse } from '../../../media/kinds.js';
import { formatPath, isDirectory, joinPath, type StoragePath } from '../../../storage/path.js';

export interface NamedRequest {
  /** What the request calls its row: a text, or an object of values as JSON. */
  label: string | undefined;
  /** The name of its files without their ending, in which {i} and {request} still stand; undefined: the usual one. */
  fileName: string | undefined;
}

const longestLabel = 500;
/** Filled in when the file is saved. */
const later = ['i', 'request'];

export function readNames(request: Json, modelName: string): NamedRequest {
  const fields = labelFields(request.label);
  return {
    label: isObject(request.label) ? JSON.stringify(request.label) : fields.label,
    fileName: readName(request, { ...fields, model: modelName }),
  };
}

/** By name what may stand in braces. */
function labelFields(label: unknown): Record<string, string> {
  if (label === undefined || label === null) return {};
  const text = isObject(label) ? JSON.stringify(label) : String(label);
  const isPlain = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);
  const plain = isObject(label) ? Object.values(label).every(isPlain) : isPlain(label);
  if (!plain || text === '' || text.length > longestLabel)
    refuse(
      'label',
      label,
      `a text, or an object of texts and numbers, of at most ${longestLabel} characters`,
      "For example 'label', sku, or 'label', json_build_object('sku', sku).",
    );
  if (!isObject(label)) return { label: text };
  return Object.fromEntries(Object.entries(label).map(([name, value]) => [name, String(value)]));
}

function readName(request: Json, fields: Record<string, string>): string | undefined {
  const name = optionalText(request, 'name');
  if (name === undefined) return undefined;
  const known = [...later, ...Object.keys(fields)];
  const unknown = [...name.matchAll(/\{([^{}]*)\}/g)].find(([, word = '']) => !known.includes(word));
  if (unknown)
    refuse(
      'name',
      name,
      `a file name in which only ${known.map((word) => `{${word}}`).join(', ')} stand in braces`,
      "A label gives its own: 'label', json_build_object('sku', sku), 'name', '{sku}-{i}'.",
    );
  const filled = name.replace(/\{([^{}]*)\}/g, (whole, word: string) =>
    later.includes(word) ? whole : (fields[word] as string).replaceAll(/[/\\{}]/g, '-'),
  );
  if (/^\/|\/\/|\/$|\\/.test(filled)) refuse('name', name, 'a file name, or a path below output_dir');
  if (hasUse(filled, 'made')) refuse('name', name, 'a name without an ending: what is made has its own');
  return filled;
}

/** Several pictures cannot have one name. */
export function refuseOneNameForMany({ fileName }: NamedRequest, request: Json, pictures: number): void {
  if (fileName === undefined || pictures <= 1 || fileName.includes('{i}')) return;
  refuse(
    'name',
    request.name,
    `one with {i} for ${pictures} pictures`,
    `Write '${String(request.name)}-{i}'.`,
  );
}

/** What could not be saved under its name would be found out when it is paid for. */
export function refuseBadPath({ fileName }: NamedRequest, output: StoragePath | undefined): void {
  if (fileName === undefined || output === undefined) return;
  if (!isDirectory(output))
    refuse(
      'output_dir',
      formatPath(output),
      'a directory beside a name',
      'Leave out the name, or the file of output_dir.',
    );
  const longest = fileName.replaceAll('{request}', 'r'.repeat(128)).replaceAll('{i}', '99');
  joinPath(output, `${longest}.jpeg`);
}
