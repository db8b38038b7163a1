/** One HTTP request of the console and its answer: bodies, cookies, headers, refusals. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, type Json } from '../../json.js';
import type { Problem } from './answers.js';

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
}

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

export function sendJson(
  response: ServerResponse,
  status: number,
  content: unknown,
  headers: Record<string, string> = {},
): void {
  const body = Buffer.from(JSON.stringify(content ?? null));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(body);
}

/** The JSON object of a POST. Only application/json is read: no form of another site can send that. */
export async function readJson(request: IncomingMessage): Promise<Json> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, { message: 'send application/json' });
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > longestBodyBytes) {
      throw new Refusal(413, { message: `at most ${longestBodyBytes / 1024} KiB` }, { connection: 'close' });
    }
    chunks.push(chunk);
  }
  let content: unknown;
  try {
    content = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refusal(400, { message: 'the body is not JSON' });
  }
  if (!isObject(content)) throw new Refusal(400, { message: 'the body is not a JSON object' });
  return content;
}

/** A request that changes something must come from this console's own page: browsers name the page's origin, and no page can forge it. */
export function requireOwnOrigin({ headers }: IncomingMessage): void {
  const { origin, host } = headers;
  if (origin && host && URL.canParse(origin) && new URL(origin).host === host) return;
  throw new Refusal(403, { message: 'this request does not come from the console’s own page' });
}

export function cookieOf({ headers }: IncomingMessage, name: string): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
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
