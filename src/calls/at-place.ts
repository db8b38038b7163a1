/** A call of a session that has said its place once (SET ai_gen.place): what the call leaves out about saving is filled in. */
import { isObject } from '../json.js';
import type { FileFields } from '../storage/file-value.js';

/** What is made for these is a file. */
const savingTasks = ['image-generation', 'video-generation'];

export function isSaved(task: string): boolean {
  return savingTasks.includes(task);
}

/**
 * The call with the place as its FILE, and its path as output_dir. What is filled in becomes part of the request, because the ledger keeps
 * the request, and whoever takes the job up later saves where it says. A call with a FILE of its own is left as it is.
 */
export function atPlace<Call extends { request: string | null; file: unknown }>(
  call: Call,
  place: FileFields,
): Call {
  if (call.request === null || isObject(call.file)) return call;
  return { ...call, file: place, request: withOutput(call.request, place.oss_path) };
}

function withOutput(text: string, directory: string): string {
  const request = parsed(text);
  if (typeof request === 'string') return JSON.stringify({ prompt: request, output_dir: directory });
  // What is no object is refused by whoever reads it.
  if (!isObject(request) || (request.output_dir ?? null) !== null) return text;
  const fields: Record<string, string> = { output_dir: directory };
  // A film between two frames is saved under a whole name: the request's own, where it has none.
  if ('last_frame_url' in request && (request.name ?? null) === null) fields.name = '{request}';
  // Spliced, so that numbers keep the text they were written in; of two fields of one name the last one counts.
  const [, body = ''] = /^\s*\{([\s\S]*)\}\s*$/.exec(text) ?? [];
  const added = JSON.stringify(fields).slice(1, -1);
  return body.trim() === '' ? `{${added}}` : `{${body.trimEnd()},${added}}`;
}

/** A text that is no JSON object or array is a prompt. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : typeof value === 'string' ? value : text;
  } catch {
    return /^\s*[[{]/.test(text) ? undefined : text;
  }
}
