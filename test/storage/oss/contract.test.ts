/** The driver for OSS keeps the contract of storage. */
import type { StorageSettings } from '../../../src/settings/configuration.js';
import { drivers } from '../../../src/storage/drivers.js';
import { openStorage } from '../../../src/storage/open.js';
import { storageContract } from '../../contracts/storage.js';
import { openCloud, right } from './test-cloud.js';

storageContract('OSS', async () => {
  const cloud = await openCloud();
  const { ossEndpointOverride, stsEndpointOverride = '', externalId, ...rest } = cloud.settings;
  const settings: StorageSettings = {
    ...{ ossEndpoint: ossEndpointOverride, stsEndpoint: stsEndpointOverride, externalId },
    ...{ allowedRoles: rest.allowedRoles, ossDomains: rest.customDomains },
    accessKey: await rest.baseIdentity(),
  };
  const storage = openStorage(settings, drivers);
  return {
    storage,
    scheme: 'oss',
    right: { oss_endpoint: right.endpoint, role_arn: right.roleArn },
    noRight: { oss_endpoint: right.endpoint, role_arn: 'acs:ram::404:role/nobody' },
    async [Symbol.asyncDispose]() {
      await storage.close();
      await cloud[Symbol.asyncDispose]();
    },
  };
});
