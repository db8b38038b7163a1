/** `hologen url`: the connection URL of the gateway that serves a data directory, password included. */
import { findRunning, type RunFile } from '../run-file.js';
import { readSettings } from '../settings/read.js';
import type { SettingName } from '../settings/table.js';
import { type Command, helpText } from './command.js';

const flags: SettingName[] = ['dataDir'];

export const urlCommand: Command = {
  summary: 'print the connection URL, password included',
  help: helpText(
    'url [--data-dir DIR]',
    'Prints the connection URL of the gateway that runs on the data directory, else of the demo in it. Exit code 1 when none runs there.',
    flags,
  ),
  async run(args) {
    const { configuration } = readSettings(args, process.env, flags);
    console.log((await requireRunning(configuration.dataDirectory)).postgres);
    return 0;
  },
};

/** The gateway of a data directory, else its demo's. */
export async function requireRunning(directory: string): Promise<RunFile> {
  const found = await findRunning(directory);
  if (found) return found.running;
  throw new Error(`no gateway runs on ${directory}; start one with hologen serve --data-dir ${directory}`);
}
