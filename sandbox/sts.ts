/** The sandbox's Security Token Service: AssumeRole with its signature, checks and error answers. */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessKey, CredentialProblem, CredentialRegistry, TemporaryCredential } from './credentials.js';
import { listenOnLoopback } from './object-store/loopback-server.js';
import { parseSessionPolicy } from './object-store/policy.js';
import { type XmlContent, xmlDocument } from './object-store/xml.js';

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

type Parameters = Map<string, string>;

/** An error answer: HTTP status, code, message. */
class StsRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const skewMs = 15 * 60_000;
const largestBodyBytes = 64 * 1024;
const shortestSessionSeconds = 900;
const requiredParameters = [
  'Version',
  'AccessKeyId',
  'SignatureMethod',
  'SignatureVersion',
  'SignatureNonce',
  'Timestamp',
  'Signature',
];

const credentialProblems: Record<CredentialProblem, [number, string, string]> = {
  'unknown-key': [404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.'],
  'token-missing': [400, 'MissingSecurityToken', 'SecurityToken is mandatory for this action.'],
  'token-mismatch': [
    400,
    'InvalidSecurityToken.MismatchWithAccessKey',
    'Specified SecurityToken mismatch with the AccessKey.',
  ],
  'token-expired': [400, 'InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.'],
};

const faultRefusals: Partial<Record<StsFault, [number, string, string]>> = {
  throttled: [429, 'Throttling.User', 'Request was denied due to user flow control.'],
  unavailable: [
    503,
    'ServiceUnavailable',
    'The request has failed due to a temporary failure of the server.',
  ],
};

/**
 * Serves AssumeRole (version 2015-04-01) on loopback, signed in the RPC style with HMAC-SHA1, parameters in the
 * query or in a form body. Every well-formed role ARN may be assumed but the ones set aside.
 * https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
 */
export async function startSts(options: StsOptions): Promise<Sts> {
  for (const key of options.baseAccessKeys) options.credentials.addAccessKey(key);
  const recorded: RecordedStsRequest[] = [];
  const nonces = new Map<string, number>();
  const faults: StsFault[] = [];
  const roles = {
    unknownRoles: [...(options.unknownRoles ?? [])],
    forbiddenRoles: [...(options.forbiddenRoles ?? [])],
    maxSessionSeconds: options.maxSessionSeconds ?? 3600,
  };

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID().toUpperCase();
    const parameters = await readParameters(incoming);
    const record = startRecord(parameters);
    recorded.push(record);
    const fault = faults.shift();
    if (fault === 'stall') return;
    if (fault === 'reset') return void incoming.socket.resetAndDestroy();
    const send = (status: number, name: string, content: XmlContent) => {
      record.status = status;
      sendDocument(response, status, parameters.get('Format'), name, content);
    };
    try {
      const refusal = fault && faultRefusals[fault];
      if (refusal) throw new StsRefusal(...refusal);
      checkCaller(incoming.method ?? '', parameters, options.credentials);
      useNonce(nonces, parameters);
      const credential = assumeRole(parameters, roles, options.credentials);
      send(200, 'AssumeRoleResponse', assumeRoleResult(credential, requestId));
    } catch (error) {
      const refusal =
        error instanceof StsRefusal ? error : new StsRefusal(500, 'InternalError', String(error));
      record.code = refusal.code;
      const HostId = incoming.headers.host ?? '';
      const { code: Code, message: Message } = refusal;
      const Recommend = 'https://next.api.aliyun.com/troubleshoot?product=Sts';
      send(refusal.status, 'Error', { RequestId: requestId, HostId, Code, Message, Recommend });
    }
  }

  const server = await listenOnLoopback((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  }, options.port ?? 0);

  return {
    url: `http://localhost:${server.port}`,
    port: server.port,
    unknownRoles: roles.unknownRoles,
    forbiddenRoles: roles.forbiddenRoles,
    failNext(fault, times = 1) {
      for (let count = 0; count < times; count++) faults.push(fault);
    },
    requests: () => recorded.map((record) => ({ ...record })),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** Query and form body together: some clients put the common parameters in one and the rest in the other. */
async function readParameters(incoming: IncomingMessage): Promise<Parameters> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestBodyBytes) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  const query = incoming.url?.split('?')[1] ?? '';
  const body = Buffer.concat(chunks).toString();
  return new Map([...new URLSearchParams(query), ...new URLSearchParams(body)]);
}

function startRecord(parameters: Parameters): RecordedStsRequest {
  const open = [...parameters].filter(([name]) => name !== 'Signature' && name !== 'SecurityToken');
  const action = parameters.get('Action') ?? '';
  return { receivedAt: new Date().toISOString(), action, parameters: Object.fromEntries(open) };
}

function checkCaller(method: string, parameters: Parameters, credentials: CredentialRegistry): void {
  const value = (name: string) => parameters.get(name) ?? '';
  if (value('Action') === '')
    throw new StsRefusal(400, 'MissingAction', 'Action is mandatory for this action.');
  for (const name of requiredParameters) {
    if (value(name) === '')
      throw new StsRefusal(400, `Missing${name}`, `${name} is mandatory for this action.`);
  }
  if (value('Version') !== '2015-04-01') {
    throw new StsRefusal(400, 'InvalidVersion', 'Specified parameter Version is not valid.');
  }
  if (value('Action') !== 'AssumeRole') {
    throw new StsRefusal(
      404,
      'InvalidAction.NotFound',
      'Specified api is not found, please check your url and method.',
    );
  }
  if (value('SignatureMethod') !== 'HMAC-SHA1' || value('SignatureVersion') !== '1.0') {
    throw new StsRefusal(400, 'InvalidParameter.SignatureMethod', 'Specified signature method is not valid.');
  }
  checkTimestamp(value('Timestamp'));
  const lookup = credentials.find(value('AccessKeyId'), parameters.get('SecurityToken'));
  if (lookup.problem) throw new StsRefusal(...credentialProblems[lookup.problem]);
  const stringToSign = stringToSignRpc(method, parameters);
  const signature = createHmac('sha1', `${lookup.key.accessKeySecret}&`)
    .update(stringToSign)
    .digest('base64');
  if (signature !== value('Signature')) {
    const message = `Specified signature is not matched with our calculation. server string to sign is:${stringToSign}`;
    throw new StsRefusal(400, 'SignatureDoesNotMatch', message);
  }
}

function checkTimestamp(text: string): void {
  const timestampMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(timestampMs)) {
    throw new StsRefusal(
      400,
      'InvalidTimeStamp.Format',
      'Specified time stamp or date value is not well formatted.',
    );
  }
  if (Math.abs(Date.now() - timestampMs) > skewMs) {
    throw new StsRefusal(400, 'InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.');
  }
}

/** A nonce counts as used for as long as its timestamp could pass. */
function useNonce(nonces: Map<string, number>, parameters: Parameters): void {
  const nowMs = Date.now();
  for (const [nonce, untilMs] of nonces) {
    if (untilMs >= nowMs) break;
    nonces.delete(nonce);
  }
  const nonce = `${parameters.get('AccessKeyId')} ${parameters.get('SignatureNonce')}`;
  if (nonces.has(nonce)) {
    throw new StsRefusal(400, 'SignatureNonceUsed', 'Specified signature nonce was used already.');
  }
  nonces.set(nonce, nowMs + 2 * skewMs);
}

interface RoleRules {
  unknownRoles: string[];
  forbiddenRoles: string[];
  maxSessionSeconds: number;
}

function assumeRole(
  parameters: Parameters,
  rules: RoleRules,
  credentials: CredentialRegistry,
): TemporaryCredential {
  const roleArn = parameters.get('RoleArn') ?? '';
  const sessionName = parameters.get('RoleSessionName') ?? '';
  if (roleArn === '') throw new StsRefusal(400, 'MissingRoleArn', 'RoleArn is mandatory for this action.');
  if (sessionName === '') {
    throw new StsRefusal(400, 'MissingRoleSessionName', 'RoleSessionName is mandatory for this action.');
  }
  // Accounts and names of documentation placeholders (186xxx, xxx) are as good as real ones here.
  if (!/^acs:ram::[A-Za-z0-9*_.@-]+:role\/[A-Za-z0-9*_.@-]+$/.test(roleArn)) throw wronglyFormed('RoleArn');
  if (!/^[A-Za-z0-9.@_-]{2,64}$/.test(sessionName)) throw wronglyFormed('RoleSessionName');
  const durationSeconds = readDuration(parameters.get('DurationSeconds'), rules.maxSessionSeconds);
  const externalId = parameters.get('ExternalId');
  if (externalId !== undefined && !/^[\w+=,.@:/-]{2,1224}$/.test(externalId))
    throw wronglyFormed('ExternalId');
  const policy = readPolicy(parameters.get('Policy'));
  if (rules.unknownRoles.includes(roleArn)) {
    throw new StsRefusal(404, 'EntityNotExist.Role', 'The specified Role not exists.');
  }
  if (rules.forbiddenRoles.includes(roleArn)) {
    const message = 'You are not authorized to do this action. You should be authorized by RAM.';
    throw new StsRefusal(403, 'NoPermission', message);
  }
  return credentials.issue({ roleArn, sessionName, policy }, durationSeconds);
}

function readDuration(text: string | undefined, maxSeconds: number): number {
  if (text === undefined || text === '') return Math.min(3600, maxSeconds);
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= shortestSessionSeconds && seconds <= maxSeconds) return seconds;
  const message = `The Min/Max value of DurationSeconds is 15min/${maxSeconds / 3600}hr.`;
  throw new StsRefusal(400, 'InvalidParameter.DurationSeconds', message);
}

function readPolicy(text: string | undefined) {
  if (text === undefined || text === '') return undefined;
  if (text.length > 2048) {
    throw new StsRefusal(
      400,
      'InvalidParameter.PolicySize',
      'The size of Policy must be 1 to 2048 characters.',
    );
  }
  const policy = parseSessionPolicy(text);
  if (typeof policy !== 'string') return policy;
  const message = `The parameter Policy has not passed grammar check: ${policy}.`;
  throw new StsRefusal(400, 'InvalidParameter.PolicyGrammar', message);
}

function wronglyFormed(name: string): StsRefusal {
  return new StsRefusal(400, `InvalidParameter.${name}`, `The parameter ${name} is wrongly formed.`);
}

function assumeRoleResult(credential: TemporaryCredential, requestId: string) {
  const { roleArn, sessionName } = credential;
  return {
    RequestId: requestId,
    AssumedRoleUser: {
      Arn: `${roleArn}/${sessionName}`,
      AssumedRoleId: `${roleId(roleArn)}:${sessionName}`,
    },
    Credentials: {
      AccessKeyId: credential.accessKeyId,
      AccessKeySecret: credential.accessKeySecret,
      SecurityToken: credential.securityToken,
      Expiration: new Date(credential.expiresAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    },
  };
}

/** 18 digits that stay the same for a role. */
function roleId(roleArn: string): string {
  const number = createHash('sha256').update(roleArn).digest().readBigUInt64BE();
  return (300_000_000_000_000_000n + (number % 100_000_000_000_000_000n)).toString();
}

function stringToSignRpc(method: string, parameters: Parameters): string {
  const names = [...parameters.keys()].filter((name) => name !== 'Signature').sort();
  const query = names
    .map((name) => `${percentEncode(name)}=${percentEncode(parameters.get(name) ?? '')}`)
    .join('&');
  return `${method}&${percentEncode('/')}&${percentEncode(query)}`;
}

function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

function sendDocument(
  response: ServerResponse,
  status: number,
  format: string | undefined,
  name: string,
  content: XmlContent,
): void {
  const isJson = format?.toUpperCase() === 'JSON';
  // XML is what the service answers when no format is asked for.
  const body = isJson ? JSON.stringify(content) : xmlDocument(name, content);
  const contentType = isJson ? 'application/json;charset=utf-8' : 'text/xml;charset=utf-8';
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
