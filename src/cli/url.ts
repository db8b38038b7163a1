/** `hologen url`: the connection URL of the gateway that serves a data directory, password included. */
import { readRunFile } from '../run-file.js';
import { readSettings } from '../settings/read.js';
import type { SettingName } from '../settings/table.js';
import { type Command, helpText } from './command.js';

const flags: SettingName[] = ['dataDir'];

export const urlCommand: Command = {
  summary: 'print the connection URL, password included',
  help: helpText(
    'url [--data-dir DIR]',
    'Prints the connection URL of the running gateway. Exit code 1 when none runs there.',
    flags,
  ),
  async run(args) {
    const { configuration } = readSettings(args, process.env, flags);
    const directory = configuration.dataDirectory;
    const running = await readRunFile(directory);
    if (!running)
      throw new Error(
        `no gateway runs on ${directory}; start one with hologen serve --data-dir ${directory}`,
      );
    console.log(running.postgres);
    return 0;
  },
};
