/** What a command of the command line is. */
import { describeSettings } from '../settings/help.js';
import type { SettingName } from '../settings/table.js';

export interface Command {
  summary: string;
  help: string;
  /** The exit code: 0 done, 1 failed. Throws UsageError for wrong arguments. */
  run(args: string[]): Promise<number>;
}

/** What says where the cloud is and what may be used of it. */
export const cloudSettings: SettingName[] = [
  'apiKey',
  'providerUrl',
  'ossEndpoint',
  'stsEndpoint',
  'allowedRoles',
  'ossDomains',
  'externalId',
];

/** --help of a command: usage line, explanation, its settings. */
export function helpText(
  usage: string,
  explanation: string,
  settings: readonly SettingName[],
  more = '',
): string {
  return `hologen ${usage}\n\n${explanation}\n\n${describeSettings(settings)}${more}`;
}
