/** The sandbox's object store: OSS's own HTTP API on loopback, with its objects as plain files on disk. */
import { Readable } from 'node:stream';
import type { CredentialRegistry } from '../credentials.js';
import { answerRequest } from './answer-request.js';
import { contentTypeOf } from './content-types.js';
import { createFaults, type Faults } from './faults.js';
import { createKeyedLock } from './keyed-lock.js';
import { listenOnLoopback } from './loopback-server.js';
import { openMultipartFiles } from './multipart-files.js';
import { type ObjectFiles, openObjectFiles } from './object-files.js';
import { receiveBody } from './receive-body.js';
import { createRecording, type RecordedRequest } from './recording.js';
import { checkKey } from './request.js';

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
  /** `headers`: what a HEAD of it says beside, its storage class and restoration among them. */
  put(
    bucket: string,
    key: string,
    body: Uint8Array,
    contentType?: string,
    headers?: Record<string, string>,
  ): Promise<void>;
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

  const parts = {
    credentials,
    customDomains,
    files,
    multipart,
    recording,
    faults,
    uploadLock: createKeyedLock(),
  };
  const server = await listenOnLoopback((incoming, response) => {
    answerRequest(parts, incoming, response).catch(() => response.destroy());
  }, options.port ?? 0);

  return {
    url: `http://localhost:${server.port}`,
    port: server.port,
    faults,
    requests: recording.requests,
    filePath: files.filePath,
    createBucket: (name, region = defaultRegion) => files.createBucket(name, region),
    put: (bucket, key, bytes, contentType = contentTypeOf(key), headers = {}) =>
      putByHand(files, { bucket, key, bytes, headers: { 'content-type': contentType, ...headers } }),
    read: (bucket, key) => readByHand(files, bucket, key),
    list: (bucket, prefix = '') => files.keys(bucket, prefix),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** As a PUT in one piece leaves it. */
async function putByHand(
  files: ObjectFiles,
  {
    bucket,
    key,
    bytes,
    headers,
  }: { bucket: string; key: string; bytes: Uint8Array; headers: Record<string, string> },
): Promise<void> {
  if (!(await files.findBucket(bucket))) throw new Error(`no bucket "${bucket}"`);
  checkKey(key);
  const body = await receiveBody(Readable.from([Buffer.from(bytes)]), files.incomingPath(), '');
  const object = {
    bytes: body.bytes,
    etag: body.md5.toString('hex').toUpperCase(),
    crc64: body.crc64,
    contentMd5: body.md5.toString('base64'),
    type: 'Normal' as const,
    headers,
  };
  await files.commit(bucket, key, body.path, object, false);
}

async function readByHand(files: ObjectFiles, bucket: string, key: string): Promise<Buffer | undefined> {
  const opened = await files.open(bucket, key);
  if (!opened) return undefined;
  try {
    return await opened.file.readFile();
  } finally {
    await opened.file.close();
  }
}
