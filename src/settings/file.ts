/** The settings file: a line `NAME=value` for each setting, under its environment name. It can be read again while the gateway runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { UsageError } from '../errors.js';
import { type SettingEntry, settingTable } from './table.js';

/** Where it is looked for in the data directory when no setting names another. */
const usualName = 'settings.env';
const saysWhere = 'it says where this file is';
const ofCommands =
  'only hologen mcp and the commands that operate a gateway go by it, which do not read this file';
/** What would have no effect in the file, and why. */
const notInFile = new Map<string, string>([
  [settingTable.dataDir.env, saysWhere],
  [settingTable.settingsFile.env, saysWhere],
  [settingTable.url.env, ofCommands],
  [settingTable.spendAtMost.env, ofCommands],
]);
const entries = Object.values(settingTable) as SettingEntry[];

/** What it says, by environment names; nothing where nobody named a file and the usual one is not there. UsageError names file and line. */
export function readSettingsFile(named: string | undefined, dataDirectory: string): NodeJS.Dict<string> {
  const path = named ?? join(dataDirectory, usualName);
  const text = textOf(path, named !== undefined);
  const read = parseEnv(text);
  for (const name of Object.keys(read)) {
    const why = notInFile.get(name);
    if (why) throw new UsageError(`${path}: ${name} cannot stand here, because ${why}`);
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
    const { code = '' } = error as NodeJS.ErrnoException;
    // What is wrong with the directory that it would be in is told by whoever needs the directory.
    if (['ENOENT', 'ENOTDIR'].includes(code) && !mustBeThere) return '';
    throw new UsageError(`the settings file ${path} cannot be read (${code})`);
  }
}
