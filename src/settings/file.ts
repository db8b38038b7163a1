/** The settings file: a line `NAME=value` for each setting, under its environment name. It can be read again while the gateway runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { UsageError } from '../errors.js';
import { type SettingEntry, settingTable } from './table.js';

/** Where it is looked for in the data directory when no setting names another. */
const usualName = 'settings.env';
/** They say where the file is. */
const notInFile = new Set<string>([settingTable.dataDir.env, settingTable.settingsFile.env]);
const entries = Object.values(settingTable) as SettingEntry[];

/** What it says, by environment names; nothing where nobody named a file and the usual one is not there. UsageError names file and line. */
export function readSettingsFile(named: string | undefined, dataDirectory: string): NodeJS.Dict<string> {
  const path = named ?? join(dataDirectory, usualName);
  const text = textOf(path, named !== undefined);
  const read = parseEnv(text);
  for (const name of Object.keys(read)) {
    if (notInFile.has(name))
      throw new UsageError(`${path}: ${name} cannot stand here, because it says where this file is`);
    if (!entries.some((entry) => entry.env === name))
      throw new UsageError(`${path}: ${name} is no setting; docs/settings.md lists them`);
  }
  const strange = text
    .split('\n')
    .find((line) => !/^\s*(#.*|(export\s+)?[A-Za-z_]\w*\s*=.*)?$/.test(line.trim()));
  if (strange !== undefined && Object.values(read).every((value) => !value?.includes('\n')))
    throw new UsageError(`${path}: "${strange.trim().slice(0, 80)}" is no line NAME=value`);
  return read;
}

function textOf(path: string, mustBeThere: boolean): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !mustBeThere) return '';
    throw new UsageError(`the settings file ${path} cannot be read (${code})`);
  }
}
