/** OSS as a store of the product, reached with the roles that SQL names. */

import { Agent } from 'undici';
import type { Right } from '../file-value.js';
import type { StoragePath } from '../path.js';
import type { Store } from '../storage.js';
import { waitFor } from './attempts.js';
import { checkOssSettings } from './check-settings.js';
import { resolveEndpoint } from './endpoint.js';
import { listObjects } from './list-objects.js';
import {
  type ObjectRequests,
  presignObject,
  probeWriting,
  readBeginning,
  readHead,
  saveObject,
} from './object-requests.js';
import { type OssObjectInfo, partBytes } from './object-target.js';
import { createOpenWork } from './open-work.js';
import { createPartBuffers } from './part-buffers.js';
import { createProofs } from './proofs.js';
import { asOssRight } from './right.js';
import { checkRole } from './role-arn.js';
import { createRoleRequests } from './role-requests.js';
import type { OssSettings } from './settings.js';

/** 32 buffers of 4 MiB bound the memory of all copies together; a few stay allocated between copies. */
const maximumBuffers = 32;
const keptBuffers = 8;

const writableForMs = 5 * 60_000;
const keepAliveMs = 20_000;

export interface OssStore extends Store {
  head(path: StoragePath, right: Right, signal: AbortSignal): Promise<OssObjectInfo>;
}

/** Opens the store; nothing is sent before the first call. */
export function openOssStore(settings: OssSettings): OssStore {
  const { connectMs, idleMs } = settings.timeouts;
  const dispatcher = new Agent({ connect: { timeout: connectMs }, keepAliveTimeout: keepAliveMs });
  const buffers = createPartBuffers(partBytes, maximumBuffers, keptBuffers);
  const requests: ObjectRequests = { ...createRoleRequests(settings, dispatcher), buffers, idleMs };
  const proveOnce = createProofs(writableForMs);
  const work = createOpenWork();

  return {
    checkSettings: () => checkOssSettings(settings),

    checkRight(right) {
      const { endpoint, roleArn } = asOssRight(right);
      checkRole(roleArn, settings);
      resolveEndpoint(endpoint, 'oss_endpoint', settings);
    },

    head: (path, right, signal) =>
      work.run(signal, (either) => readHead(requests, 'read', path, asOssRight(right), either)),

    beginning: (path, right, bytes, signal) =>
      work.run(signal, (either) => readBeginning(requests, path, asOssRight(right), bytes, either)),

    list: (directory, right, options) =>
      work.run(options.signal, (signal) =>
        listObjects(requests, directory, asOssRight(right), { ...options, signal }),
      ),

    presign: (path, right, options) =>
      work.run(options.signal, (signal) =>
        presignObject(requests, path, asOssRight(right), { ...options, signal }),
      ),

    checkWritable: (path, right, headers, signal) =>
      work.run(signal, (either) => {
        const { roleArn, endpoint } = asOssRight(right);
        const key = JSON.stringify([roleArn, endpoint, path.bucket, path.key, headers]);
        // Shared by all who ask: it ends with the store, not with the first of them who gives up.
        const proof = proveOnce(key, () =>
          probeWriting(requests, path, asOssRight(right), headers, work.closed),
        );
        return waitFor(proof, either);
      }),

    save: (path, right, open, options) =>
      work.run(options.signal, (signal) =>
        saveObject(requests, path, asOssRight(right), open, { ...options, signal }),
      ),

    async close() {
      work.close();
      await dispatcher.destroy();
    },
  };
}
