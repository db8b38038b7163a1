/** Reads the settings once: flags win over the environment, the environment over defaults. What does not fit is told with both its names. */
import { parseArgs } from 'node:util';
import { UsageError } from '../errors.js';
import { type Configuration, configure } from './configuration.js';
import { namesOf } from './help.js';
import { type SettingEntry, type SettingName, type SettingTexts, settingTable } from './table.js';

const entries = Object.entries(settingTable) as [SettingName, SettingEntry][];

/** `extra` are switches of one command, `texts` its options with a value. */
export function readSettings(
  args: string[],
  environment: NodeJS.ProcessEnv,
  flags: readonly SettingName[],
  extra: readonly string[] = [],
  texts: readonly string[] = [],
): { configuration: Configuration; switches: Set<string>; given: Map<string, string> } {
  const values = readFlags(args, flags, extra, texts);
  const written = (entry: SettingEntry) => {
    const flag = entry.flag ? values[entry.flag] : undefined;
    return flag === undefined ? environment[entry.env] : String(flag);
  };
  const settings = Object.fromEntries(entries.map(([name, entry]) => [name, written(entry)]));
  const switches = new Set(Object.keys(values).filter((name) => values[name] === true));
  const given = new Map(
    texts.flatMap((name) => (values[name] === undefined ? [] : [[name, `${values[name]}`]])),
  );
  return { configuration: readTexts(settings), switches, given };
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
  extra: readonly string[],
  texts: readonly string[],
): FlagValues {
  const options: Record<string, { type: 'string' | 'boolean' }> = { help: { type: 'boolean' } };
  for (const name of flags) {
    const entry: SettingEntry = settingTable[name];
    if (entry.flag) options[entry.flag] = { type: entry.value ? 'string' : 'boolean' };
  }
  for (const name of extra) options[name] = { type: 'boolean' };
  for (const name of texts) options[name] = { type: 'string' };
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values as FlagValues;
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
