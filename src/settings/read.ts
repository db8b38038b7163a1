/** Reads the settings once: flags win over the environment, the environment over the settings file, that over defaults. What does not fit is told with both its names. */
import { parseArgs } from 'node:util';
import { UsageError } from '../errors.js';
import { type Configuration, configure } from './configuration.js';
import { readSettingsFile } from './file.js';
import { namesOf } from './help.js';
import { type SettingEntry, type SettingName, type SettingTexts, settingTable } from './table.js';

const entries = Object.entries(settingTable) as [SettingName, SettingEntry][];

/** What one command takes beside settings. */
export interface OwnArguments {
  switches?: readonly string[];
  /** Options with a value. */
  texts?: readonly string[];
  /** It takes words that stand without a flag. */
  words?: boolean;
}

export interface ReadSettings {
  configuration: Configuration;
  switches: Set<string>;
  given: Map<string, string>;
  words: string[];
}

export function readSettings(
  args: string[],
  environment: NodeJS.ProcessEnv,
  flags: readonly SettingName[],
  own: OwnArguments = {},
): ReadSettings {
  const { values, positionals: words } = readFlags(args, flags, own);
  const said = (entry: SettingEntry) => {
    const flag = entry.flag ? values[entry.flag] : undefined;
    return flag === undefined ? environment[entry.env] : String(flag);
  };
  const dataDirectory = said(settingTable.dataDir) || settingTable.dataDir.default;
  const file = flags.includes('settingsFile')
    ? readSettingsFile(said(settingTable.settingsFile), dataDirectory)
    : {};
  const written = (entry: SettingEntry) => said(entry) ?? file[entry.env];
  const settings = Object.fromEntries(entries.map(([name, entry]) => [name, written(entry)]));
  const switches = new Set(Object.keys(values).filter((name) => values[name] === true));
  const given = new Map(
    (own.texts ?? []).flatMap((name) => (values[name] === undefined ? [] : [[name, `${values[name]}`]])),
  );
  return { configuration: readTexts(settings), switches, given, words };
}

/** The configuration that these texts mean; what they leave out has its default. */
export function readTexts(given: Partial<SettingTexts>): Configuration {
  const texts = entries.map(([name, entry]) => {
    const text = given[name] || entry.default;
    return [name, text === undefined ? undefined : fitting(entry, text)];
  });
  return configure(Object.fromEntries(texts) as SettingTexts);
}

type FlagValues = Record<string, string | boolean | undefined>;

function readFlags(
  args: string[],
  flags: readonly SettingName[],
  { switches = [], texts = [], words = false }: OwnArguments,
): { values: FlagValues; positionals: string[] } {
  const options: Record<string, { type: 'string' | 'boolean' }> = { help: { type: 'boolean' } };
  for (const name of flags) {
    const entry: SettingEntry = settingTable[name];
    if (entry.flag) options[entry.flag] = { type: entry.value ? 'string' : 'boolean' };
  }
  for (const name of switches) options[name] = { type: 'boolean' };
  for (const name of texts) options[name] = { type: 'string' };
  try {
    const { values, positionals } = parseArgs({ args, options, strict: true, allowPositionals: words });
    return { values: values as FlagValues, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function fitting(entry: SettingEntry, value: string): string {
  const { range, word, choices } = entry;
  if (value === word) return value;
  const names = namesOf(entry);
  if (range && !(/^\d+$/.test(value) && Number(value) >= range[0] && Number(value) <= range[1]))
    throw new UsageError(
      `${names} must be ${word ? `${word} or ` : ''}a whole number from ${range[0]} to ${range[1]}, not "${value}"`,
    );
  if (choices && !choices.includes(value))
    throw new UsageError(`${names} must be ${choices.join(', ')}, not "${value}"`);
  return value;
}
