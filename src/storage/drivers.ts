/** The stores that hologen can use: a line each. */

import { ossDriver } from './oss/driver.js';
import type { OssSettings } from './oss/settings.js';
import type { Driver } from './storage.js';

export type StorageSettings = OssSettings;

export const drivers: Driver<StorageSettings>[] = [ossDriver];
