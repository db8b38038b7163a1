/** The request of a text call that is one message: plain text, or JSON with placeholders whose arguments may be files. */
import { KnownError } from '../../../errors.js';
import {
  isObject,
  type Json,
  optionalObject,
  refuse,
  refuseUnknown,
  requiredText,
  show,
} from '../../../fields.js';
import { exactText, objectIn, parseExactly } from '../../../json.js';
import { endings, formatOf, type MediumKind } from '../../../media/kinds.js';
import type { FileValue } from '../../../storage/file-value.js';
import { isDirectory } from '../../../storage/path.js';
import type { Places } from '../../../storage/storage.js';

/** A piece of a prompt, in order. */
export type PromptPart = { text: string } | { file: FileValue; kind: MediumKind };

/** A piece of a message. `picture`, `document`: an address that the provider fetches itself. */
export type MessagePart = PromptPart | { picture: string } | { document: string };

/** What a family says of its requests. */
interface TextForm {
  knownParameters: readonly string[];
  task: string;
  places: Places;
}

export interface TextRequest {
  parts: PromptPart[];
  parameters: Json;
}

/**
 * `file`, when it names an object, joins a prompt that has no `args` of its own: ai_gen(model, 'What is this?', to_file(…)).
 * A JSON text without a "prompt" is a prompt itself: people send rows as JSON.
 */
export function readTextRequest(
  text: string,
  file: FileValue | undefined,
  { knownParameters, task, places }: TextForm,
): TextRequest {
  const request = asRequest(text);
  if (!request) {
    if (text.trim() === '') requiredText({ prompt: text }, 'prompt');
    return { parts: withFile([{ text }], file), parameters: {} };
  }
  refuseUnknown(request, ['prompt', 'args', 'parameters'], 'a text request');
  const parameters = optionalObject(request, 'parameters');
  refuseUnknown(parameters, knownParameters, `parameters of task ${task}`);
  const prompt = requiredText(request, 'prompt');
  const { args } = request;
  if (args === undefined || args === null) return { parts: withFile([{ text: prompt }], file), parameters };
  if (!Array.isArray(args)) refuse('args', args, 'an array', "Write 'args', json_build_array(…).");
  const exact = parseExactly(text) as { args: unknown[] };
  return { parts: fillPlaceholders(prompt, exact.args, places), parameters };
}

/** The texts alone, one after the other. */
export function textOfParts(parts: MessagePart[]): string {
  return parts.map((part) => ('text' in part ? part.text : '')).join('');
}

/** KnownError 22023 for a request that another kind of model reads, written by one of our functions as `{"data": …}` or `{"texts": […]}`: as a text it would be paid for. */
export function refuseOthersForm(text: string, field: 'data' | 'texts', message: string, hint: string): void {
  if (!new RegExp(`^\\{\\s*"${field}"`).test(text)) return;
  const request = objectIn(text);
  const value = request?.[field];
  const isOurs = field === 'data' ? /^data:image\//.test(String(value)) : Array.isArray(value);
  if (isOurs) throw new KnownError({ kind: 'invalidParameterValue', message, hint });
}

function asRequest(text: string): Json | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && 'prompt' in value ? value : undefined;
  } catch {
    return undefined;
  }
}

function withFile(parts: PromptPart[], file: FileValue | undefined): PromptPart[] {
  if (!file || isDirectory(file.path)) return parts;
  return [{ file, kind: kindOf(file, 'file') }, ...parts];
}

/** `{0}`, `{1}` … become the arguments in their places; a file becomes a part of its own between the texts. */
function fillPlaceholders(prompt: string, args: unknown[], places: Places): PromptPart[] {
  const parts: PromptPart[] = [];
  const used = new Set<number>();
  for (const piece of prompt.split(/(\{\d+\})/)) {
    const index = /^\{(\d+)\}$/.exec(piece)?.[1];
    if (index === undefined) {
      addText(parts, piece);
      continue;
    }
    const position = Number(index);
    if (position >= args.length) refusePlaceholder(piece, args.length);
    used.add(position);
    addArgument(parts, args[position], `args[${position}]`, places);
  }
  const unused = args.findIndex((_, position) => !used.has(position));
  if (unused >= 0) refuseUnused(unused, args[unused]);
  return parts;
}

function addArgument(parts: PromptPart[], argument: unknown, field: string, places: Places): void {
  if (isObject(argument) && 'oss_path' in argument) {
    parts.push(filePart(argument, field, places));
  } else {
    if (argument === null) refuseNull(field);
    addText(parts, typeof argument === 'string' ? argument : exactText(argument));
  }
}

/** A FILE among the parts. */
export function filePart(value: Json, field: string, places: Places): PromptPart {
  const file = places.readFile(value, field);
  return { file, kind: kindOf(file, field) };
}

function addText(parts: PromptPart[], text: string): void {
  const last = parts.at(-1);
  if (last && 'text' in last) last.text += text;
  else if (text !== '') parts.push({ text });
}

function refuseNull(field: string): never {
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `${field} is NULL`,
    hint: "Filter such rows out, or coalesce it: json_build_array(coalesce(…, '')).",
  });
}

function refuseUnused(position: number, argument: unknown): never {
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `args[${position}], which is ${show(argument)}, is not used in the prompt`,
    hint: `Write {${position}} in its place in the prompt, or leave it out of args.`,
  });
}

function refusePlaceholder(placeholder: string, count: number): never {
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `the prompt has the placeholder ${placeholder}, but args has ${count} elements`,
    hint: 'Placeholders count from {0}.',
  });
}

function kindOf(file: FileValue, field: string): MediumKind {
  const format = formatOf(file.path.key);
  if (format) return format.kind;
  return refuse(
    field,
    file.text,
    'a picture, video, sound file or PDF',
    `Known endings: ${endings.join(', ')}.`,
  );
}
