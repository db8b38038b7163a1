/** The stores that hologen can use: a line each. */

import type { StorageSettings } from '../settings/configuration.js';
import { ossDriver } from './oss/driver.js';
import type { Driver } from './storage.js';

export const drivers: Driver<StorageSettings>[] = [ossDriver];
