/** `hologen open`: the console in a browser, signed in as the gateway's owner. */
import { spawn } from 'node:child_process';
import { signInAddress } from '../console/server/tickets.js';
import { readSettings } from '../settings/read.js';
import type { SettingName } from '../settings/table.js';
import { type Command, helpText } from './command.js';
import { requireRunning } from './url.js';

const flags: SettingName[] = ['dataDir'];

export const openCommand: Command = {
  summary: 'open the console in a browser, signed in',
  help: helpText(
    'open [--print] [--data-dir DIR]',
    'Makes an address of the running gateway\u2019s console that signs its owner in, once and within 15 minutes; prints it, and opens it in a browser\nwhere there is one. Exit code 1 when no gateway runs there, or it has no console.',
    flags,
    '\n  --print                    print the address only',
  ),
  async run(args) {
    const { configuration, switches } = readSettings(args, process.env, flags, { switches: ['print'] });
    const { console: page, ticketKey } = await requireRunning(configuration.dataDirectory);
    if (page === null || ticketKey === null)
      throw new Error(
        'this gateway has no console: HOLOGEN_CONSOLE_PORT is off, or client certificates are asked for',
      );
    const address = signInAddress(page, ticketKey);
    console.log(address);
    if (!switches.has('print')) showInBrowser(address);
    return 0;
  },
};

const browsers: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Where there is none, the printed address is for another machine's. */
function showInBrowser(address: string): void {
  const [program = '', ...args] = browsers[process.platform] ?? ['xdg-open'];
  const browser = spawn(program, [...args, address], { detached: true, stdio: 'ignore' });
  browser.on('error', () => {});
  browser.unref();
}
