/** A FILE as SQL has it, {oss_path, oss_endpoint, role_arn}: a place in a store and the right to use it. */

import { type Json, requiredText } from '../fields.js';
import type { StoragePath } from './path.js';

/** SQL's names for the three texts are Hologres' own; what the last two mean is the business of the path's driver. */
export interface FileFields {
  oss_path: string;
  oss_endpoint: string;
  role_arn: string;
}

/** The right to use a place. Nobody but the driver of its scheme looks into it. */
export interface Right {
  readonly scheme: string;
}

export interface FileValue {
  /** The path as it was written. */
  text: string;
  path: StoragePath;
  right: Right;
  /** As SQL handed it over, to be kept and read again. */
  fields: FileFields;
}

/** The texts of a FILE. A KnownError names the one that is missing; `field`: where the FILE stands, to_file has none. */
export function readFileFields(value: Json, field?: string): FileFields {
  const read = (name: string) => requiredText(value, name, field ? `${field}.${name}` : name);
  const ossPath = read('oss_path');
  return { oss_path: ossPath, oss_endpoint: read('oss_endpoint'), role_arn: read('role_arn') };
}
