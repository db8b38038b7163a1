/** One request to the object store: read, perhaps met by a fault, signed, allowed, then given to its operation. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CredentialRegistry } from '../credentials.js';
import { type Answer, breakConnection, createAnswer } from './answer.js';
import { authenticate, type Principal } from './authenticate.js';
import type { Exchange } from './exchange.js';
import type { Fault, Faults } from './faults.js';
import type { BucketRecord } from './object-files.js';
import { findOperation, type Operation } from './operations.js';
import { isAllowed } from './policy.js';
import {
  type RecordedRequest,
  type Recording,
  withoutSecretHeaders,
  withoutSecretParameters,
} from './recording.js';
import { Refusal } from './refusal.js';
import { readRequest, type StoreRequest } from './request.js';

export interface StoreParts extends Pick<Exchange, 'files' | 'multipart' | 'uploadLock'> {
  credentials: CredentialRegistry;
  customDomains: Record<string, string>;
  recording: Recording;
  faults: Faults;
}

export async function answerRequest(
  parts: StoreParts,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const record = parts.recording.start(plainFacts(incoming));
  let answer = createAnswer({ incoming, response, record, fault: undefined });
  try {
    const request = readRequest(incoming, { customDomains: parts.customDomains });
    describeRequest(record, request);
    const operation = findOperation(request);
    record.operation = operation.name;
    const fault = parts.faults.take({ ...request, headers: incoming.headers, operation: operation.name });
    if (fault && (await meetFault(fault, request))) return;
    answer = createAnswer({ incoming, response, record, fault });
    await operation.run(await admit(parts, request, operation, { record, answer }));
  } catch (error) {
    // A client that went away needs no answer; a half-sent one cannot be mended.
    if (incoming.socket.destroyed || response.headersSent) response.destroy();
    else await answer.refuse(error instanceof Refusal ? error : internalError(error));
  }
}

/** Who asks, whether the bucket is there, and whether they may. */
async function admit(
  { files, multipart, uploadLock, credentials }: StoreParts,
  request: StoreRequest,
  operation: Operation,
  { record, answer }: { record: RecordedRequest; answer: Answer },
): Promise<Exchange> {
  const bucket = await files.findBucket(request.bucket);
  const signingRegion = request.endpointRegion ?? requiredRegion(operation, bucket);
  const principal = authenticate(request, { credentials, signingRegion });
  record.accessKeyId = principal.key.accessKeyId;
  record.roleArn = principal.assumedRole?.roleArn;
  const isNew = operation.target === 'service' || operation.name === 'PutBucket';
  const found = isNew ? unmade(request) : checkBucket(request, operation, bucket);
  const requireRight = (action: string, path: string) =>
    checkPolicy(request, { action, path }, principal, found);
  const path = operation.target === 'object' ? `${request.bucket}/${request.key}` : request.bucket;
  if (operation.action !== '') requireRight(operation.action, path);
  return { request, answer, record, bucket: found, files, multipart, uploadLock, requireRight };
}

/** In place of a bucket, where a request has none yet. */
function unmade({ bucket, endpointRegion }: StoreRequest): BucketRecord {
  return { name: bucket, region: endpointRegion ?? '*', createdMs: Date.now() };
}

function plainFacts(incoming: IncomingMessage) {
  return {
    method: incoming.method ?? '',
    host: incoming.headers.host ?? '',
    path: (incoming.url ?? '').split('?')[0] ?? '',
    bucket: '',
    key: '',
    query: {},
    headers: withoutSecretHeaders(incoming.headers),
  };
}

function describeRequest(record: RecordedRequest, request: StoreRequest): void {
  record.bucket = request.bucket;
  record.key = request.key;
  record.query = withoutSecretParameters(request.query);
}

/** True when the fault has taken the request's place; a Refusal when it is one. */
async function meetFault(fault: Fault, request: StoreRequest): Promise<boolean> {
  if (fault.answer === 'unavailable') throw new Refusal('ServiceUnavailable');
  if (fault.answer === 'forbidden') throw new Refusal('AccessDenied');
  if (fault.answer === 'token-expired') throw new Refusal('SecurityTokenExpired');
  if (typeof fault.answer === 'object') throw new Refusal(fault.answer);
  if (fault.answer === 'lost-answer') return false;
  const isDownload = request.method === 'GET' && fault.afterBytes !== undefined;
  if (isDownload) return false;
  await readBytes(request.incoming, fault.afterBytes ?? 0);
  if (fault.answer === 'reset') breakConnection(request.incoming);
  return true;
}

async function readBytes(incoming: IncomingMessage, wantedBytes: number): Promise<void> {
  let bytes = 0;
  if (wantedBytes === 0) return;
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes >= wantedBytes) return;
  }
}

/** A bucket's facts may be asked from any region's endpoint; everything else only from its own. */
function requiredRegion(operation: Operation, bucket: BucketRecord | undefined): string | undefined {
  const isAny = !bucket || bucket.region === '*' || operation.name === 'GetBucketInfo';
  return isAny ? undefined : bucket.region;
}

function checkBucket(
  request: StoreRequest,
  operation: Operation,
  bucket: BucketRecord | undefined,
): BucketRecord {
  if (!bucket) throw new Refusal('NoSuchBucket', { fields: { BucketName: request.bucket } });
  const { endpointRegion } = request;
  const required = requiredRegion(operation, bucket);
  if (endpointRegion !== undefined && required !== undefined && endpointRegion !== required) {
    throw new Refusal('AccessDenied', {
      message:
        'The bucket you are attempting to access must be addressed using the specified endpoint. ' +
        'Please send all future requests to this endpoint.',
      fields: { Bucket: bucket.name, Endpoint: `oss-${bucket.region}.aliyuncs.com` },
    });
  }
  return bucket;
}

function checkPolicy(
  request: StoreRequest,
  { action, path }: { action: string; path: string },
  principal: Principal,
  bucket: BucketRecord,
): void {
  const { policy, roleArn } = principal.assumedRole ?? {};
  if (!policy || roleArn === undefined) return;
  const region = bucket.region === '*' ? (request.endpointRegion ?? 'cn-hangzhou') : bucket.region;
  const resource = `acs:oss:oss-${region}:${roleArn.split(':')[3]}:${path}`;
  if (isAllowed(policy, action, resource)) return;
  throw new Refusal('AccessDenied', {
    fields: {
      AuthAction: action,
      AuthPrincipalType: 'AssumedRoleUser',
      PolicyType: 'SessionPolicy',
    },
  });
}

function internalError(error: unknown): Refusal {
  return new Refusal('InternalError', {
    fields: { Detail: error instanceof Error ? error.message : String(error) },
  });
}
