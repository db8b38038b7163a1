/** A running object store with a bucket, and ali-oss clients and raw requests to meet it with. */
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OSS from 'ali-oss';
import { type CredentialRegistry, createCredentialRegistry } from '../../sandbox/credentials.js';
import {
  type ObjectStore,
  type ObjectStoreOptions,
  startObjectStore,
} from '../../sandbox/object-store/server.js';

export const baseKey = { accessKeyId: 'LTAIsandboxbase', accessKeySecret: 'sandbox-base-secret' };
export const bucket = 'sandbox-pictures';

export interface StoreFixture {
  store: ObjectStore;
  credentials: CredentialRegistry;
  directory: string;
  /** An ali-oss client; the region is the bucket's unless given. */
  client(options?: Record<string, unknown>): OSS;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openStore(options: Partial<ObjectStoreOptions> = {}): Promise<StoreFixture> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'object-store-')));
  const credentials = createCredentialRegistry([baseKey]);
  const store = await startObjectStore({ directory, credentials, ...options });
  await store.createBucket(bucket);
  return {
    store,
    credentials,
    directory,
    client: (clientOptions = {}) => newClient(store.url, clientOptions),
    async [Symbol.asyncDispose]() {
      await store.close();
      if (options.directory === undefined) await rm(directory, { recursive: true });
    },
  };
}

function newClient(endpoint: string, options: Record<string, unknown>): OSS {
  const all = {
    ...baseKey,
    bucket,
    endpoint,
    region: 'oss-cn-hangzhou',
    authorizationV4: true,
    sldEnable: true,
    refreshSTSTokenInterval: 3600_000,
    ...options,
  };
  return new OSS(all);
}

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** Content of an element of the XML body. */
  element(name: string): string | undefined;
}

export interface RawRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** Sends a request as it stands, with the path neither normalised nor escaped. */
export function sendRaw(base: string, path: string, options: RawRequest = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(base);
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, path, method, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const element = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(text)?.[1];
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, element });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Fetches a URL given as a whole. */
export function getRaw(url: string, options: RawRequest = {}): Promise<RawAnswer> {
  const { origin } = new URL(url);
  return sendRaw(origin, url.slice(origin.length), options);
}

/** The code of the error that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: { code?: string }) => error.code ?? 'error without a code',
  );
}
