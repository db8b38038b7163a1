/** The account that is checked: the same clients that a gateway would use, opened without a gateway. */
import { homedir } from 'node:os';
import { createSchedule } from '../../pace/schedule.js';
import { findDefaultApiKey } from '../../providers/model-studio/default-api-key.js';
import { openClient } from '../../providers/model-studio/open.js';
import type { Configuration } from '../../settings/configuration.js';
import { drivers } from '../../storage/drivers.js';
import { openStorage } from '../../storage/open.js';
import { defaultIdentity, fixedIdentity } from '../../storage/oss/base-identity.js';

export type Account = ReturnType<typeof openAccount>;

export function openAccount({ provider, storage: settings }: Configuration) {
  const client = openClient(provider.baseUrl, createSchedule(true));
  const storage = openStorage(settings, drivers);
  return {
    storage,
    baseUrl: provider.baseUrl,
    findKey: () => findDefaultApiKey(provider.apiKey, homedir()),
    /** Asks Model Studio for a task that cannot exist. */
    probe: client.probe,
    identity: settings.accessKey ? fixedIdentity(settings.accessKey) : defaultIdentity(),
    async close() {
      await Promise.all([client.close(), storage.close()]);
    },
  };
}
