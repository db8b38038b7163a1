/** A FILE as the engine hands it over: {oss_path, oss_endpoint, role_arn}. */

import { type Json, requiredText } from '../fields.js';
import { type OssPath, parseOssPath } from '../storage/oss-path.js';
import type { FileAccess } from '../storage/storage.js';

export interface FileValue {
  /** The path as it was written. */
  text: string;
  path: OssPath;
  access: FileAccess;
}

/** Malformed paths are a KnownError; endpoint and role are checked where they are used. `field`: where the FILE stands; to_file has none. */
export function parseFileValue(value: Json, field?: string): FileValue {
  const read = (name: string) => requiredText(value, name, field ? `${field}.${name}` : name);
  const text = read('oss_path');
  return {
    text,
    path: parseOssPath(text, field ?? 'oss_path'),
    access: { endpoint: read('oss_endpoint'), roleArn: read('role_arn') },
  };
}
