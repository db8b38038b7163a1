/** The driver for OSS: how its paths look, what a FILE grants there, and its store. */

import type { PathForm } from '../path.js';
import type { Driver } from '../storage.js';
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

export const ossDriver: Driver<OssSettings> = { form, readRight: readOssRight, open: openOssStore };
