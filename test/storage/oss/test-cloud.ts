/** For tests: the sandbox's object store and STS, a fault proxy before the store, and a storage client on both. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCredentialRegistry } from '../../../sandbox/credentials.js';
import { startObjectStore } from '../../../sandbox/object-store/server.js';
import { startSts } from '../../../sandbox/sts/server.js';
import { fixedIdentity } from '../../../src/storage/oss/base-identity.js';
import type { OssRight } from '../../../src/storage/oss/right.js';
import type { OssSettings } from '../../../src/storage/oss/settings.js';
import { openOssStore } from '../../../src/storage/oss/store.js';
import { startFaultProxy } from './fault-proxy.js';

export const right: OssRight = {
  scheme: 'oss',
  endpoint: 'oss-cn-hangzhou-internal.aliyuncs.com',
  roleArn: 'acs:ram::186xxx:role/xxx',
};

export type TestCloud = Awaited<ReturnType<typeof openCloud>>;

/** The bucket `media` exists; the role `acs:ram::404:role/nobody` does not. */
export async function openCloud(changes: Partial<OssSettings> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'hologen-storage-'));
  const base = { accessKeyId: 'sandbox', accessKeySecret: 'sandbox secret' };
  const credentials = createCredentialRegistry();
  const store = await startObjectStore({ directory, credentials });
  await store.createBucket('media');
  const sts = await startSts({
    credentials,
    baseAccessKeys: [base],
    unknownRoles: ['acs:ram::404:role/nobody'],
  });
  const proxy = await startFaultProxy(store.url);
  const settings: OssSettings = {
    ossEndpointOverride: proxy.url,
    stsEndpointOverride: sts.url,
    allowedRoles: ['*'],
    customDomains: [],
    baseIdentity: fixedIdentity(base),
    timeouts: { connectMs: 2000, responseMs: 5000, idleMs: 5000 },
    ...changes,
  };
  const storage = openOssStore(settings);
  return {
    credentials,
    store,
    sts,
    proxy,
    settings,
    storage,
    async [Symbol.asyncDispose]() {
      await storage.close();
      await proxy[Symbol.asyncDispose]();
      await store.close();
      await sts.close();
      await rm(directory, { recursive: true });
    },
  };
}
