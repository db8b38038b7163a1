/** The driver for a folder on disk keeps the contract of storage. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStorage } from '../../../src/storage/open.js';
import { storageContract } from '../../contracts/storage.js';
import { folderDriver, keeper } from './driver.js';

storageContract('a folder on disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hologen-folder-'));
  await mkdir(join(directory, 'media'));
  const storage = openStorage(undefined, [folderDriver(directory)]);
  const [place, who] = keeper;
  return {
    storage,
    scheme: 'folder',
    right: { oss_endpoint: place, role_arn: who },
    noRight: { oss_endpoint: place, role_arn: 'a stranger' },
    async [Symbol.asyncDispose]() {
      await storage.close();
      await rm(directory, { recursive: true });
    },
  };
});
