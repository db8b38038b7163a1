/** What requests of the console have in common: headers of its answers, bodies, origins, refusals. */
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { isObject, type Json } from '../../json.js';
import type { Problem } from './answers.js';

/** A refusal the page is told of; anything else that is thrown is a fault of ours and told as 500. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
    readonly headers: Record<string, string> = {},
  ) {
    super(problem.message);
  }
}

const longestBodyBytes = 256 * 1024;

/** Everything comes from this server and nothing from anywhere else; nobody may frame it. */
export const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};

/** The JSON object of a POST. Only application/json is read: no form of another site can send that. */
export async function readJson({ req }: Context): Promise<Json> {
  if (!/^application\/json\b/i.test(req.header('content-type') ?? ''))
    throw new Refusal(415, { message: 'send application/json' });
  const content: unknown = await req.json().catch((cause: unknown) => {
    if (cause instanceof SyntaxError) throw new Refusal(400, { message: 'the body is not JSON' });
    throw cause;
  });
  if (!isObject(content)) throw new Refusal(400, { message: 'the body is not a JSON object' });
  return content;
}

function tooLong(): Refusal {
  return new Refusal(413, { message: `at most ${longestBodyBytes / 1024} KiB` }, { connection: 'close' });
}

/** Bodies of a POST: more is not read. */
export const limitBody = bodyLimit({
  maxSize: longestBodyBytes,
  onError: () => {
    throw tooLong();
  },
});

/** What hono throws while a body without a length is read. */
export function asRefusal(error: unknown): unknown {
  return error instanceof Error && error.name === 'BodyLimitError' ? tooLong() : error;
}

const onThisMachine = new Set(['localhost', '127.0.0.1', '[::1]']);

/** A console for this machine alone answers to this machine's names: another name that leads here is a stranger's page. */
export function requireLoopbackHost({ req }: Context): void {
  const host = req.header('host') ?? '';
  const url = `http://${host}`;
  if (URL.canParse(url) && onThisMachine.has(new URL(url).hostname)) return;
  throw new Refusal(421, { message: 'this console answers to localhost, 127.0.0.1 and [::1]' });
}

/** A request that changes something must come from this console's own page: browsers name the page's origin, and no page can forge it. */
export function requireOwnOrigin({ req }: Context): void {
  const [origin, host] = [req.header('origin'), req.header('host')];
  if (origin && host && URL.canParse(origin) && new URL(origin).host === host) return;
  throw new Refusal(403, { message: 'this request does not come from the console’s own page' });
}

export function requiredText(from: Json, field: string): string {
  const value = from[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new Refusal(400, { message: `${field} is missing` });
}

/** Text, or null for what stands for "none". */
export function optionalText(from: Json, field: string): string | null {
  const value = from[field];
  return typeof value === 'string' && value !== '' ? value : null;
}

export function optionalNumber(from: Json, field: string): number | null {
  const value = from[field];
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new Refusal(400, { message: `${field} is not a number` });
}
