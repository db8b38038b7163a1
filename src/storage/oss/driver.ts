/** The driver for OSS: how its paths look, what a FILE grants there, and its store. */

import type { StorageSettings } from '../../settings/configuration.js';
import type { PathForm } from '../path.js';
import type { Driver } from '../storage.js';
import { defaultIdentity, fixedIdentity } from './base-identity.js';
import { readOssRight } from './right.js';
import type { OssSettings } from './settings.js';
import { openOssStore } from './store.js';

/** Naming rules: https://www.alibabacloud.com/help/en/oss/user-guide/object-naming-conventions */
const form: PathForm = {
  scheme: 'oss',
  called: 'an OSS path',
  bucket: {
    pattern: /^[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/,
    allowed: 'a bucket has 3 to 63 lower-case letters, digits and inner hyphens',
  },
  hint: 'Write oss://<bucket>/<path>, for example oss://my-bucket/pictures/ or oss://my-bucket/pictures/cat.png.',
};

export const ossDriver: Driver<StorageSettings> = {
  form,
  readRight: readOssRight,
  open: (settings) => openOssStore(ossSettings(settings)),
};

const timeouts = { connectMs: 10_000, responseMs: 60_000, idleMs: 60_000 };

function ossSettings(settings: StorageSettings): OssSettings {
  const { ossEndpoint, stsEndpoint, externalId, accessKey } = settings;
  return {
    ...{ externalId, timeouts },
    // These may be others while the gateway runs.
    get allowedRoles() {
      return settings.allowedRoles;
    },
    get customDomains() {
      return settings.ossDomains;
    },
    ossEndpointOverride: ossEndpoint,
    stsEndpointOverride: stsEndpoint,
    baseIdentity: accessKey ? fixedIdentity(accessKey) : defaultIdentity(),
  };
}
