/**
 * Temporary uploads: a policy for a model, a form that brings the file, and `oss://dashscope-instant/…` addresses that requests of the same
 * account and model may name with the header X-DashScope-OssResourceResolve.
 * https://www.alibabacloud.com/help/en/model-studio/get-temporary-file-url
 */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { authenticate, type Exchange, sendJson } from './exchange.js';
import { modelTypes } from './model-types.js';
import { refusal, urlError } from './refusal.js';
import { findChatModel, mediaEmbeddingModels, speechModels } from './text-models.js';

export interface Uploads {
  /** `GET /api/v1/uploads?action=getPolicy&model=…` */
  grant(exchange: Exchange): void;
  /** The form's POST, to the host that the policy names. */
  take(exchange: Exchange): Promise<void>;
  /** What the service itself fetches. */
  serve(exchange: Exchange): void;
  /** The body with the addresses of own uploads in place of `oss://` ones; others stay, and are no URL to whoever reads them. */
  resolve(body: unknown, exchange: Exchange, apiKey: string): unknown;
}

interface Grant {
  directory: string;
  apiKey: string;
  model: string;
  expiresAtMs: number;
}

interface Upload extends Grant {
  bytes: Buffer;
  contentType: string;
}

const accessKeyId = 'LTAI-uploads-of-the-sandbox';
const policyLifeSeconds = 300;
const fileLifeMs = 48 * 3_600_000;
const mostMebibytes = 100;

interface Room {
  origin(): string;
  secret: Buffer;
  grants: Map<string, Grant>;
  /** By key. */
  uploads: Map<string, Upload>;
}

export function createUploads(origin: () => string): Uploads {
  const room: Room = { origin, secret: randomBytes(32), grants: new Map(), uploads: new Map() };
  return {
    grant: (exchange) => grant(exchange, room),
    take: (exchange) => take(exchange, room),
    serve(exchange) {
      const upload = room.uploads.get(decodeURIComponent(exchange.url.pathname.slice('/uploads/'.length)));
      if (!upload || Date.now() > upload.expiresAtMs) return sendXml(exchange, 404, 'NoSuchKey');
      exchange.record.status = 200;
      exchange.response.writeHead(200, { 'content-type': upload.contentType }).end(upload.bytes);
    },
    resolve(body, { request: { headers } }, apiKey) {
      const { model } = Object(body) as { model?: unknown };
      if (headers['x-dashscope-ossresourceresolve'] !== 'enable') return body;
      return mapTexts(body, (text) => {
        const key = text.startsWith('oss://') ? text.slice('oss://'.length) : '';
        const upload = room.uploads.get(key);
        const isOwn = upload?.apiKey === apiKey && upload.model === model && Date.now() < upload.expiresAtMs;
        return isOwn ? `${origin()}/uploads/${encodeURI(key)}` : text;
      });
    },
  };
}

function grant(exchange: Exchange, { origin, secret, grants }: Room): void {
  const apiKey = authenticate(exchange.request);
  const { searchParams } = exchange.url;
  const model = searchParams.get('model') ?? '';
  if (exchange.request.method !== 'GET' || searchParams.get('action') !== 'getPolicy') throw urlError();
  const listed = [...Object.keys(mediaEmbeddingModels), ...Object.keys(speechModels)];
  if (!modelTypes.has(model) && !findChatModel(model) && !listed.includes(model))
    throw refusal.modelNotFound(`Model can not be found: ${model}.`);
  const granted = newGrant(apiKey, model);
  grants.set(granted.directory, granted);
  const policy = policyOf(granted);
  sendJson(exchange, 200, {
    request_id: exchange.requestId,
    data: {
      policy,
      signature: sign(policy, secret),
      upload_dir: granted.directory,
      upload_host: `${origin()}/uploads`,
      expire_in_seconds: policyLifeSeconds,
      max_file_size_mb: mostMebibytes,
      capacity_limit_mb: 999_999_999,
      oss_access_key_id: accessKeyId,
      x_oss_object_acl: 'private',
      x_oss_forbid_overwrite: 'true',
    },
  });
}

async function take(exchange: Exchange, { secret, grants, uploads }: Room): Promise<void> {
  const form = await readForm(exchange);
  const text = (name: string) => String(form.get(name) ?? '');
  const policy = text('policy');
  const key = text('key');
  const file = form.get('file');
  const granted = grants.get(key.slice(0, key.lastIndexOf('/')));
  if (text('OSSAccessKeyId') !== accessKeyId || text('Signature') !== sign(policy, secret))
    return sendXml(exchange, 403, 'SignatureDoesNotMatch');
  const isGranted = granted && policyOf(granted) === policy && Date.now() < granted.expiresAtMs;
  const asAllowed = text('x-oss-object-acl') === 'private' && text('x-oss-forbid-overwrite') === 'true';
  if (!isGranted || !asAllowed) return sendXml(exchange, 403, 'AccessDenied');
  if (uploads.has(key)) return sendXml(exchange, 409, 'FileAlreadyExists');
  if (!(file instanceof Blob)) return sendXml(exchange, 400, 'IncorrectNumberOfFilesInPOSTRequest');
  if (file.size > mostMebibytes * 1024 * 1024) return sendXml(exchange, 400, 'EntityTooLarge');
  const bytes = Buffer.from(await file.arrayBuffer());
  const contentType = text('x-oss-content-type') || file.type;
  uploads.set(key, { ...granted, expiresAtMs: Date.now() + fileLifeMs, bytes, contentType });
  exchange.record.status = text('success_action_status') === '200' ? 200 : 204;
  exchange.response.writeHead(exchange.record.status).end();
}

function sign(policy: string, secret: Buffer): string {
  return createHmac('sha1', secret).update(policy).digest('base64');
}

function newGrant(apiKey: string, model: string): Grant {
  const day = new Date().toISOString().slice(0, 10);
  const directory = `dashscope-instant/${randomUUID().replaceAll('-', '')}/${day}/${randomUUID()}`;
  return { directory, apiKey, model, expiresAtMs: Date.now() + policyLifeSeconds * 1000 };
}

function policyOf({ directory, expiresAtMs }: Grant): string {
  const conditions = [
    ['content-length-range', 0, mostMebibytes * 1024 * 1024],
    ['starts-with', '$key', directory],
    { 'x-oss-object-acl': 'private' },
    { 'x-oss-forbid-overwrite': 'true' },
  ];
  const policy = { expiration: new Date(expiresAtMs).toISOString(), conditions };
  return Buffer.from(JSON.stringify(policy)).toString('base64');
}

async function readForm({ request }: Exchange): Promise<FormData> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  const form = new Response(Buffer.concat(chunks), { headers }).formData();
  return form.catch(() => {
    throw refusal.illegalInput('The body of the upload is not a form.');
  });
}

function sendXml({ response, record }: Exchange, status: number, code: string): void {
  record.status = status;
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>\n`;
  response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
}

/** A copy of a JSON value with each text replaced. */
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapTexts(item, change)]));
}
