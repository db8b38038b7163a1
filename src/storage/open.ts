/** Many stores behind one port: the scheme of a path or right tells which of them is meant. */

import { KnownError } from '../errors.js';
import { type Right, readFileFields } from './file-value.js';
import { parsePath, type StoragePath } from './path.js';
import type { Driver, Places, Storage, Store } from './storage.js';

/** Reads places of these drivers; opens nothing. */
export function createPlaces(drivers: Pick<Driver<never>, 'form' | 'readRight'>[]): Places {
  const forms = drivers.map((driver) => driver.form);
  const readPath: Places['readPath'] = (text, field) => parsePath(text, field, forms);
  return {
    readPath,
    readFile(value, field) {
      const fields = readFileFields(value, field);
      const path = readPath(fields.oss_path, field ?? 'oss_path');
      const driver = drivers.find(({ form }) => form.scheme === path.scheme) as (typeof drivers)[number];
      return { text: fields.oss_path, path, right: driver.readRight(fields), fields };
    },
  };
}

/** Opens every driver with the same settings, of which each takes what it needs. */
export function openStorage<Settings>(settings: Settings, drivers: Driver<Settings>[]): Storage {
  const stores = new Map<string, Store>();
  for (const driver of drivers) stores.set(driver.form.scheme, driver.open(settings));

  function storeOf(path: StoragePath, right: Right): Store {
    if (path.scheme !== right.scheme) throw foreignRight(path, right);
    return stores.get(path.scheme) as Store;
  }

  return {
    ...createPlaces(drivers),
    checkSettings() {
      const remarks = [...stores.values()].map((store) => store.checkSettings());
      return remarks.filter(Boolean).join('; ') || undefined;
    },
    checkRight: (right) => stores.get(right.scheme)?.checkRight(right),
    head: async (path, right, signal) => storeOf(path, right).head(path, right, signal),
    beginning: async (path, right, bytes, signal) =>
      storeOf(path, right).beginning(path, right, bytes, signal),
    list: async (directory, right, options) => storeOf(directory, right).list(directory, right, options),
    presign: async (path, right, options) => storeOf(path, right).presign(path, right, options),
    checkWritable: async (path, right, headers, signal) =>
      storeOf(path, right).checkWritable(path, right, headers, signal),
    save: async (path, right, open, options) => storeOf(path, right).save(path, right, open, options),
    async close() {
      await Promise.all([...stores.values()].map((store) => store.close()));
    },
  };
}

function foreignRight(path: StoragePath, right: Right): KnownError {
  return new KnownError({
    kind: 'invalidParameterValue',
    message: `the FILE gives access to ${right.scheme}://, and the path is one of ${path.scheme}://`,
    hint: `Pass a FILE whose own path begins with ${path.scheme}://.`,
  });
}
