/** The sandbox's Security Token Service: AssumeRole with its signature, checks and error answers. */
import { randomUUID } from 'node:crypto';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import type { AccessKey, CredentialRegistry } from '../credentials.js';
import { listenOnLoopback } from '../object-store/loopback-server.js';
import { type XmlContent, xmlDocument } from '../object-store/xml.js';
import { assumeRole, assumeRoleResult, type RoleRules } from './assume-role.js';
import { checkAction, checkCaller, useNonce } from './caller.js';
import { type Parameters, StsRefusal } from './refusal.js';
import { checkCallerV3, commonParametersV3, isSignedV3, type SignedV3 } from './signature-v3.js';

export interface StsOptions {
  /** 0 or absent: a free one. */
  port?: number;
  credentials: CredentialRegistry;
  /** Keys of the RAM user who assumes roles; added to the registry. */
  baseAccessKeys: AccessKey[];
  /** Role ARNs answered with EntityNotExist.Role. */
  unknownRoles?: string[];
  /** Role ARNs answered with NoPermission. */
  forbiddenRoles?: string[];
  /** The roles' MaxSessionDuration in seconds; 3600 when absent. */
  maxSessionSeconds?: number;
}

export interface RecordedStsRequest {
  receivedAt: string;
  action: string;
  /** All parameters but Signature and SecurityToken. */
  parameters: Record<string, string>;
  /** Absent while or because nothing was answered. */
  status?: number;
  code?: string;
}

/** throttled: 429 Throttling.User; unavailable: 503; reset: torn down; stall: no answer. */
export type StsFault = 'throttled' | 'unavailable' | 'reset' | 'stall';

export interface Sts {
  url: string;
  port: number;
  /** May be changed at any time. */
  unknownRoles: string[];
  forbiddenRoles: string[];
  /** The next `times` requests meet this fault. */
  failNext(fault: StsFault, times?: number): void;
  requests(): RecordedStsRequest[];
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const largestBodyBytes = 64 * 1024;

const faultRefusals: Partial<Record<StsFault, [number, string, string]>> = {
  throttled: [429, 'Throttling.User', 'Request was denied due to user flow control.'],
  unavailable: [
    503,
    'ServiceUnavailable',
    'The request has failed due to a temporary failure of the server.',
  ],
};

interface Service {
  credentials: CredentialRegistry;
  roles: RoleRules;
  recorded: RecordedStsRequest[];
  nonces: Map<string, number>;
  faults: StsFault[];
}

/**
 * Serves AssumeRole (version 2015-04-01) on loopback, signed in the RPC style with HMAC-SHA1, parameters in the
 * query or in a form body, or with ACS3-HMAC-SHA256 in headers. Every well-formed role ARN may be assumed but the ones set aside.
 * https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
 */
export async function startSts(options: StsOptions): Promise<Sts> {
  const { credentials, unknownRoles = [], forbiddenRoles = [], maxSessionSeconds = 3600 } = options;
  for (const key of options.baseAccessKeys) credentials.addAccessKey(key);
  const roles = { unknownRoles: [...unknownRoles], forbiddenRoles: [...forbiddenRoles], maxSessionSeconds };
  const service: Service = { credentials, roles, recorded: [], nonces: new Map(), faults: [] };
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.all('*', (context) => answer(context, service));
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = await listenOnLoopback((incoming, response) => {
    void listener(incoming, response);
  }, options.port ?? 0);
  return {
    url: `http://localhost:${server.port}`,
    port: server.port,
    unknownRoles: roles.unknownRoles,
    forbiddenRoles: roles.forbiddenRoles,
    failNext(fault, times = 1) {
      for (let count = 0; count < times; count++) service.faults.push(fault);
    },
    requests: () => service.recorded.map((record) => ({ ...record })),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function answer(context: Context<{ Bindings: HttpBindings }>, service: Service): Promise<Response> {
  const requestId = randomUUID().toUpperCase();
  const { signed, parameters } = await readParameters(context);
  const record = startRecord(parameters);
  service.recorded.push(record);
  const fault = service.faults.shift();
  if (fault === 'stall') return new Promise<never>(() => {});
  if (fault === 'reset') {
    context.env.incoming.socket.resetAndDestroy();
    return RESPONSE_ALREADY_SENT;
  }
  const send = (status: number, name: string, content: XmlContent) => {
    record.status = status;
    return documentOf(status, parameters.get('Format'), name, content);
  };
  try {
    const refusal = fault && faultRefusals[fault];
    if (refusal) throw new StsRefusal(...refusal);
    checkAction(parameters);
    if (isSignedV3(signed.headers)) checkCallerV3(signed, service.credentials);
    else checkCaller(context.req.method, parameters, service.credentials);
    useNonce(service.nonces, parameters);
    const credential = assumeRole(parameters, service.roles, service.credentials);
    return send(200, 'AssumeRoleResponse', assumeRoleResult(credential, requestId));
  } catch (error) {
    const refusal = error instanceof StsRefusal ? error : new StsRefusal(500, 'InternalError', String(error));
    record.code = refusal.code;
    const { code: Code, message: Message } = refusal;
    const HostId = context.req.header('host') ?? '';
    const Recommend = 'https://next.api.aliyun.com/troubleshoot?product=Sts';
    return send(refusal.status, 'Error', { RequestId: requestId, HostId, Code, Message, Recommend });
  }
}

/** Query and form body together: some clients put the common parameters in one and the rest in the other, the newer ones in headers. */
async function readParameters({ env }: Context<{ Bindings: HttpBindings }>) {
  const { incoming } = env;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestBodyBytes) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  const [path = '/', text = ''] = (incoming.url ?? '/').split('?');
  const query = new URLSearchParams(text);
  const body = Buffer.concat(chunks);
  const signed: SignedV3 = { method: incoming.method ?? '', path, headers: incoming.headers, query, body };
  const common = isSignedV3(incoming.headers) ? commonParametersV3(signed) : [];
  const parameters: Parameters = new Map([...query, ...new URLSearchParams(body.toString()), ...common]);
  return { signed, parameters };
}

function startRecord(parameters: Parameters): RecordedStsRequest {
  const open = [...parameters].filter(([name]) => name !== 'Signature' && name !== 'SecurityToken');
  const action = parameters.get('Action') ?? '';
  return { receivedAt: new Date().toISOString(), action, parameters: Object.fromEntries(open) };
}

/** XML is what the service answers when no format is asked for. */
function documentOf(status: number, format: string | undefined, name: string, content: XmlContent): Response {
  const isJson = format?.toUpperCase() === 'JSON';
  const body = isJson ? JSON.stringify(content) : xmlDocument(name, content);
  const contentType = isJson ? 'application/json;charset=utf-8' : 'text/xml;charset=utf-8';
  return new Response(body, { status, headers: { 'Content-Type': contentType } });
}
