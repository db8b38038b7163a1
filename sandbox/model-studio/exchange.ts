/** One HTTP request and its answer: body, identity, JSON replies and the two error shapes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal, refusal } from './refusal.js';
import { type RecordedRequest, shortenStrings } from './request-log.js';

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  requestId: string;
  record: RecordedRequest;
  /** Set when the answer must be swallowed: the connection is reset in its place. */
  dropAnswer: boolean;
}

/** Three Base64 pictures at their limit and some text. */
const maxBodyBytes = 40 * 1024 * 1024;

/** Answers with JSON; the recorded status is set even when nobody listens any more. */
export function sendJson(exchange: Exchange, status: number, body: unknown, headers = {}): void {
  const { response, record, requestId } = exchange;
  record.status = status;
  if (exchange.dropAnswer) {
    response.socket?.resetAndDestroy();
    return;
  }
  if (response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json;charset=UTF-8',
    'content-length': Buffer.byteLength(text),
    'x-request-id': requestId,
    'x-dashscope-call-gateway': 'true',
    ...headers,
  });
  response.end(text);
}

/** Codes that the OpenAI-compatible paths spell in their own way. */
const compatibleCodes: Readonly<Record<string, string>> = {
  InvalidParameter: 'invalid_parameter_error',
  InvalidApiKey: 'invalid_api_key',
  ModelNotFound: 'model_not_found',
  DataInspectionFailed: 'data_inspection_failed',
  'Throttling.RateQuota': 'limit_requests',
  InternalError: 'internal_error',
  'InternalError.Algo': 'internal_error',
};

/** Answers a Refusal as the provider would; anything else is a fault of the sandbox itself. */
export function sendError(exchange: Exchange, error: unknown, headers = {}): void {
  const known = error instanceof Refusal ? error : refusal.internalError(`Sandbox: ${String(error)}`);
  const { requestId } = exchange;
  if (/^(\/batch)?\/compatible-mode\//.test(exchange.url.pathname)) {
    const code = compatibleCodes[known.code] ?? known.code;
    const type = known.status < 500 ? 'invalid_request_error' : 'server_error';
    const body = { error: { message: known.message, type, param: null, code }, request_id: requestId };
    sendJson(exchange, known.status, body, headers);
    return;
  }
  const code = known.code || 'InternalError';
  sendJson(exchange, known.status, { code, message: known.message, request_id: requestId }, headers);
}

/** Any `sk-` key is good; `sk-sp-` keys belong to another product. Returns the key. */
export function authenticate(request: IncomingMessage): string {
  const match = /^Bearer (sk-(?!sp-)\S+)$/.exec(request.headers.authorization ?? '');
  if (!match?.[1]) throw refusal.invalidApiKey('Invalid API-key provided.');
  return match[1];
}

/** Reads and parses the body and records it; returns the text too, for exact comparison. */
export async function readJson(exchange: Exchange): Promise<{ body: unknown; text: string }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of exchange.request) {
    length += (chunk as Buffer).length;
    // Beyond the limit the rest is read and dropped, so that the answer can be read.
    if (length <= maxBodyBytes) chunks.push(chunk as Buffer);
  }
  if (length > maxBodyBytes) throw refusal.tooLarge(`Exceeded limit on max bytes to buffer: ${maxBodyBytes}`);
  const text = Buffer.concat(chunks).toString('utf8');
  exchange.record.body = shortenStrings(text);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw refusal.illegalInput('Required body invalid, please check the request body format.');
  }
  exchange.record.body = shortenStrings(body);
  if (!/^application\/json\b/i.test(exchange.request.headers['content-type'] ?? '')) {
    throw refusal.invalidParameter('Content-Type must be application/json.');
  }
  return { body, text };
}
