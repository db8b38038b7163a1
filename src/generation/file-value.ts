/** A FILE as the engine hands it over: {oss_path, oss_endpoint, role_arn}. */

import { type OssPath, parseOssPath } from '../storage/oss-path.js';
import type { FileAccess } from '../storage/storage.js';
import { type Json, requiredText } from './fields.js';

export interface FileValue {
  /** The path as it was written. */
  text: string;
  path: OssPath;
  access: FileAccess;
}

/** Malformed paths are a SqlError; endpoint and role are checked where they are used. */
export function parseFileValue(value: Json, field: string): FileValue {
  const text = requiredText(value, 'oss_path', `${field}.oss_path`);
  return {
    text,
    path: parseOssPath(text, field),
    access: {
      endpoint: requiredText(value, 'oss_endpoint', `${field}.oss_endpoint`),
      roleArn: requiredText(value, 'role_arn', `${field}.role_arn`),
    },
  };
}
