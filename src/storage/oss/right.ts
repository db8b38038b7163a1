/** What a FILE grants in OSS: an endpoint and a role, for any bucket that both can reach. */

import type { FileFields, Right } from '../file-value.js';

export interface OssRight extends Right {
  readonly scheme: 'oss';
  readonly endpoint: string;
  readonly roleArn: string;
}

export function readOssRight(file: FileFields): OssRight {
  return { scheme: 'oss', endpoint: file.oss_endpoint, roleArn: file.role_arn };
}

/** The port hands rights around without knowing what is in them. */
export function asOssRight(right: Right): OssRight {
  if (right.scheme === 'oss') return right as OssRight;
  throw new Error(`a right of ${right.scheme}:// came to the driver of oss://`);
}
