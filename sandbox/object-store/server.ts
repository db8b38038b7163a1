/** The sandbox's object store: OSS's own HTTP API on loopback, with its objects as plain files on disk. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { CredentialRegistry } from '../credentials.js';
import { breakConnection, createAnswer } from './answer.js';
import { authenticate, type Principal } from './authenticate.js';
import { contentTypeOf } from './content-types.js';
import type { Exchange } from './exchange.js';
import { createFaults, type Fault, type Faults } from './faults.js';
import { createKeyedLock } from './keyed-lock.js';
import { listenOnLoopback } from './loopback-server.js';
import { openMultipartFiles } from './multipart-files.js';
import { type BucketRecord, openObjectFiles } from './object-files.js';
import { findOperation, type Operation } from './operations.js';
import { isAllowed } from './policy.js';
import { receiveBody } from './receive-body.js';
import {
  createRecording,
  type RecordedRequest,
  withoutSecretHeaders,
  withoutSecretParameters,
} from './recording.js';
import { Refusal } from './refusal.js';
import { checkKey, readRequest, type StoreRequest } from './request.js';

export type { Faults } from './faults.js';
export type { RecordedRequest } from './recording.js';

export interface ObjectStoreOptions {
  /** Buckets are its subdirectories; made when missing. */
  directory: string;
  /** 0 or absent: a free one. */
  port?: number;
  /** Loopback is the only place this server may stand. */
  host?: '127.0.0.1';
  credentials: CredentialRegistry;
  /** Region of new buckets; cn-hangzhou when absent. `*`: any region's signature is accepted. */
  region?: string;
  /** Custom domains bound to buckets: host name → bucket. */
  customDomains?: Record<string, string>;
}

export interface ObjectStore {
  /** http://localhost:PORT - a name and not an address, as ali-oss makes no URLs for addresses. */
  url: string;
  port: number;
  /** Makes a bucket; an existing one stays, in the region given. */
  createBucket(name: string, region?: string): Promise<void>;
  put(bucket: string, key: string, body: Uint8Array, contentType?: string): Promise<void>;
  read(bucket: string, key: string): Promise<Buffer | undefined>;
  /** Keys in UTF-8 order. */
  list(bucket: string, prefix?: string): Promise<string[]>;
  /** Where the object's file is, or would be. */
  filePath(bucket: string, key: string): string;
  requests(): RecordedRequest[];
  faults: Faults;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens the directory and listens on the loopback addresses. Objects and unfinished uploads outlive the process. */
export async function startObjectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
  const { directory, credentials, customDomains = {}, region: defaultRegion = 'cn-hangzhou' } = options;
  const files = await openObjectFiles(directory);
  const multipart = await openMultipartFiles(directory);
  const recording = createRecording();
  const faults = createFaults();
  const uploadLock = createKeyedLock();

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const record = recording.start(plainFacts(incoming));
    let answer = createAnswer({ incoming, response, record, fault: undefined });
    try {
      const request = readRequest(incoming, { customDomains });
      describeRequest(record, request);
      const operation = findOperation(request);
      record.operation = operation.name;
      const fault = faults.take({ ...request, operation: operation.name });
      if (fault && (await meetFault(fault, request))) return;
      answer = createAnswer({ incoming, response, record, fault });
      const bucket = await files.findBucket(request.bucket);
      const signingRegion = request.endpointRegion ?? requiredRegion(operation, bucket);
      const principal = authenticate(request, { credentials, signingRegion });
      record.accessKeyId = principal.key.accessKeyId;
      record.roleArn = principal.assumedRole?.roleArn;
      const found = checkBucket(request, operation, bucket);
      checkPolicy(request, operation, principal, found);
      const exchange: Exchange = { request, answer, record, bucket: found, files, multipart, uploadLock };
      await operation.run(exchange);
    } catch (error) {
      // A client that went away needs no answer; a half-sent one cannot be mended.
      if (incoming.socket.destroyed || response.headersSent) response.destroy();
      else await answer.refuse(error instanceof Refusal ? error : internalError(error));
    }
  }

  const server = await listenOnLoopback((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  }, options.port ?? 0);

  return {
    url: `http://localhost:${server.port}`,
    port: server.port,
    faults,
    requests: recording.requests,
    filePath: files.filePath,
    createBucket: (name, region = defaultRegion) => files.createBucket(name, region),
    async put(bucket, key, bytes, contentType = contentTypeOf(key)) {
      if (!(await files.findBucket(bucket))) throw new Error(`no bucket "${bucket}"`);
      checkKey(key);
      const body = await receiveBody(Readable.from([Buffer.from(bytes)]), files.incomingPath(), '');
      const object = {
        bytes: body.bytes,
        etag: body.md5.toString('hex').toUpperCase(),
        crc64: body.crc64,
        contentMd5: body.md5.toString('base64'),
        type: 'Normal' as const,
        headers: { 'content-type': contentType },
      };
      await files.commit(bucket, key, body.path, object, false);
    },
    async read(bucket, key) {
      const opened = await files.open(bucket, key);
      if (!opened) return undefined;
      try {
        return await opened.file.readFile();
      } finally {
        await opened.file.close();
      }
    },
    list: (bucket, prefix = '') => files.keys(bucket, prefix),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
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
  operation: Operation,
  principal: Principal,
  bucket: BucketRecord,
): void {
  const { policy, roleArn } = principal.assumedRole ?? {};
  if (!policy || roleArn === undefined) return;
  const path = operation.target === 'object' ? `${request.bucket}/${request.key}` : request.bucket;
  const region = bucket.region === '*' ? (request.endpointRegion ?? 'cn-hangzhou') : bucket.region;
  const resource = `acs:oss:oss-${region}:${roleArn.split(':')[3]}:${path}`;
  if (isAllowed(policy, operation.action, resource)) return;
  throw new Refusal('AccessDenied', {
    fields: {
      AuthAction: operation.action,
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
