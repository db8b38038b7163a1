/** How settings are told to people: the lines of --help, and errors that name the setting. */
import { type SettingEntry, type SettingName, settingTable } from './table.js';

/** Both names of a setting, as people may have written it. */
export function namesOf({ flag, env }: SettingEntry): string {
  return [flag && `--${flag}`, env].filter(Boolean).join(' / ');
}

/** The lines of --help for some settings. */
export function describeSettings(names: readonly SettingName[]): string {
  return names
    .map((name) => {
      const entry: SettingEntry = settingTable[name];
      const flag = entry.flag ? `--${entry.flag}${entry.value ? ` ${entry.value}` : ''}` : entry.env;
      const more = [entry.flag && entry.env, entry.default && `default ${entry.default}`]
        .filter(Boolean)
        .join(', ');
      return `  ${flag.padEnd(26)} ${entry.meaning}${more && ` (${more})`}`;
    })
    .join('\n');
}

const listenReasons: Record<string, string> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'the system does not allow it',
  EADDRNOTAVAIL: 'the address is not one of this machine',
};

/** Why a server could not listen, with the setting that says where; other errors are returned as they are. */
export function listenFailure(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
  setting: SettingName,
): Error {
  const reason = listenReasons[error.code ?? ''];
  if (!reason) return error;
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Error(
    `cannot listen on ${where}: ${reason} (${error.code}); ${namesOf(settingTable[setting])} chooses another place`,
    { cause: error },
  );
}
