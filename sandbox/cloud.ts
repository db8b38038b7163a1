/** The whole sandbox: Model Studio, OSS and STS on loopback, stocked with what the documentation's examples name. */
import { join } from 'node:path';
import { createCredentialRegistry } from './credentials.js';
import { sandboxKeys } from './keys.js';
import { startModelStudio } from './model-studio/server.js';
import { startObjectStore } from './object-store/server.js';
import { stockShelves } from './shelves.js';
import { startSts } from './sts.js';

export interface Cloud {
  modelStudio: string;
  oss: string;
  sts: string;
  /** Where the objects lie on disk, a folder a bucket. */
  objectDirectory: string;
  close(): Promise<void>;
}

export async function startCloud(options: {
  directory: string;
  imageMs: number;
  videoMs: number;
  documentedLimits: boolean;
}): Promise<Cloud> {
  const credentials = createCredentialRegistry();
  const objectDirectory = join(options.directory, 'oss');
  const [store, sts, studio] = await Promise.all([
    startObjectStore({ directory: objectDirectory, credentials }),
    startSts({ credentials, baseAccessKeys: [sandboxKeys] }),
    startModelStudio({
      directory: join(options.directory, 'results'),
      imageMs: options.imageMs,
      videoMs: options.videoMs,
      rateLimits: options.documentedLimits ? 'documented' : 'off',
    }),
  ]);
  await stockShelves(store);
  return {
    modelStudio: studio.url,
    oss: store.url,
    sts: sts.url,
    objectDirectory,
    async close() {
      await Promise.all([store.close(), sts.close(), studio.close()]);
    },
  };
}
