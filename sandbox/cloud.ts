/**
 * The whole sandbox: Model Studio, OSS and STS on loopback, stocked with what the documentation's examples name.
 *
 * Room: sandbox holds what stands in for Alibaba Cloud, as strict as that is. It knows Alibaba's API alone, and nothing of hologen.
 */
import { join } from 'node:path';
import { createCredentialRegistry } from './credentials.js';
import { sandboxApiKey, sandboxKeys } from './keys.js';
import { startModelStudio } from './model-studio/server.js';
import { startObjectStore } from './object-store/server.js';
import { stockShelves } from './shelves.js';
import { startSts } from './sts/server.js';

export interface Cloud {
  modelStudio: string;
  oss: string;
  sts: string;
  /** What a client of it needs: a key of Model Studio, and an access key that may assume roles. */
  apiKey: string;
  accessKey: { accessKeyId: string; accessKeySecret: string };
  /** Where the objects lie on disk, a folder a bucket. */
  objectDirectory: string;
  close(): Promise<void>;
}

export async function startCloud(options: {
  directory: string;
  imageMs: number;
  videoMs: number;
  documentedLimits: boolean;
  /** 0 or absent: free ones. */
  ports?: { modelStudio: number; oss: number; sts: number };
}): Promise<Cloud> {
  const { ports } = options;
  const credentials = createCredentialRegistry();
  const objectDirectory = join(options.directory, 'oss');
  const [store, sts, studio] = await Promise.all([
    startObjectStore({ directory: objectDirectory, credentials, port: ports?.oss }),
    startSts({ credentials, baseAccessKeys: [sandboxKeys], port: ports?.sts }),
    startModelStudio({
      directory: join(options.directory, 'results'),
      imageMs: options.imageMs,
      videoMs: options.videoMs,
      port: ports?.modelStudio,
      rateLimits: options.documentedLimits ? 'documented' : 'off',
    }),
  ]);
  await stockShelves(store);
  return {
    modelStudio: studio.url,
    oss: store.url,
    sts: sts.url,
    apiKey: sandboxApiKey,
    accessKey: sandboxKeys,
    objectDirectory,
    async close() {
      await Promise.all([store.close(), sts.close(), studio.close()]);
    },
  };
}
