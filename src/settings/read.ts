/** Reads the settings once: flags win over the environment, the environment over defaults. What does not fit is told with both its names. */
import { parseArgs } from 'node:util';
import { UsageError } from '../errors.js';
import { type Configuration, configure } from './configuration.js';
import { namesOf } from './help.js';
import { type SettingEntry, type SettingName, type SettingTexts, settingTable } from './table.js';

const entries = Object.entries(settingTable) as [SettingName, SettingEntry][];

/** `extra` are switches of one command. */
export function readSettings(
  args: string[],
  environment: NodeJS.ProcessEnv,
  flags: readonly SettingName[],
  extra: readonly string[] = [],
): { configuration: Configuration; switches: Set<string> } {
  const values = readFlags(args, flags, extra);
  const given = (entry: SettingEntry) => {
    const flag = entry.flag ? values[entry.flag] : undefined;
    return flag === undefined ? environment[entry.env] : String(flag);
  };
  const texts = Object.fromEntries(entries.map(([name, entry]) => [name, given(entry)]));
  const switches = new Set(Object.keys(values).filter((name) => values[name] === true));
  return { configuration: readTexts(texts), switches };
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

function readFlags(args: string[], flags: readonly SettingName[], extra: readonly string[]): FlagValues {
  const options: Record<string, { type: 'string' | 'boolean' }> = { help: { type: 'boolean' } };
  for (const name of flags) {
    const entry: SettingEntry = settingTable[name];
    if (entry.flag) options[entry.flag] = { type: entry.value ? 'string' : 'boolean' };
  }
  for (const name of extra) options[name] = { type: 'boolean' };
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
