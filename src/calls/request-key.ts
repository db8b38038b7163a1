/** What makes two calls the same: the second finds by it what the first one made. */
import { createHash } from 'node:crypto';
import { exactText, isExactNumber, isObject, parseExactly } from '../json.js';
import { withoutQuotes } from '../storage/etag.js';
import type { CheckedCall } from './check.js';

/** Model type, request with its fields in one order, file, and what its media contain. */
export function requestKey(call: CheckedCall, mediaEtags: string[]): string {
  const fields = call.file?.fields;
  const file = fields && [fields.oss_path, fields.oss_endpoint, fields.role_arn];
  const request = canonical(parsed(call.requestText));
  const asked = call.image ? asHashed(request, file, mediaEtags) : [request, file, mediaEtags];
  return createHash('sha256')
    .update(exactText([call.model.modelType, ...asked]))
    .digest('base64url');
}

/** image.generate has no words for where its reference lies: of it the content counts, be it an object's or that of bytes in the request. */
function asHashed(request: unknown, file: unknown[] | undefined, [etag]: string[]): unknown[] {
  if (!isObject(request)) return [request, file];
  const { reference_image: reference, ...others } = request;
  const [, ...right] = file ?? [];
  // A store that tells no ETag tells nothing of its content.
  const content = etag ? withoutQuotes(etag) : hashOf(reference);
  return [others, right, content];
}

/** As a store tells it of an object that was put there in one piece. What is neither object nor bytes is an address, and stays one. */
function hashOf(reference: unknown): unknown {
  const base64 =
    typeof reference === 'string' ? /^data:[^,]*;base64,(.*)$/is.exec(reference)?.[1] : undefined;
  if (base64 === undefined) return reference;
  return createHash('md5').update(Buffer.from(base64, 'base64')).digest('hex').toUpperCase();
}

function parsed(text: string): unknown {
  // Most prompts are plain text, and a failing parse costs more than the rest of a key.
  if (!text.trimStart().startsWith('{')) return text;
  try {
    return parseExactly(text);
  } catch {
    return text;
  }
}

/** Objects with their fields sorted: json_build_object's order says nothing. Numbers are the same when their texts are. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isObject(value) || isExactNumber(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => [name, canonical(field)]),
  );
}
