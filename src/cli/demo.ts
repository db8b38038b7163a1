/** `hologen demo`: every scenario once, in the sandbox, through a real PostgreSQL client. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { type Gateway, startGateway } from '../main.js';
import { packagePath } from '../package-root.js';
import { demoDirectory, readRunFile } from '../run-file.js';
import { readSettings } from '../settings/read.js';
import type { SettingName } from '../settings/table.js';
import { type Command, helpText } from './command.js';
import { pageAddress } from './page-address.js';
import { hearStopSignals, type StopSignals, untilStopped } from './signals.js';

const flags: SettingName[] = [
  'host',
  'port',
  'consoleHost',
  'consolePort',
  'dataDir',
  'sandboxImageMs',
  'sandboxVideoMs',
];
const examples = packagePath('examples', 'scenarios');

export const demoCommand: Command = {
  summary: 'run every scenario in the sandbox and show what comes out',
  help: helpText(
    'demo [--keep] [options]',
    'Starts a gateway in the sandbox on a new directory (demo/ in the data directory), runs one statement a scenario and prints\nstatement, progress and result. No account is needed and nothing is spent.',
    flags,
    '\n  --keep                   leave the gateway running; print a psql line and an address of its console',
  ),
  async run(args) {
    const { configuration, switches } = readSettings(args, demoEnvironment(), flags, { switches: ['keep'] });
    const dataDirectory = demoDirectory(configuration.dataDirectory);
    if (await readRunFile(dataDirectory))
      throw new Error(`a demo still runs on ${dataDirectory}; stop it first`);
    await emptyDemoFolder(dataDirectory);
    const startedAt = Date.now();
    const signals = hearStopSignals();
    const gateway = await startGateway({ ...configuration, dataDirectory });
    console.log(
      `The gateway is ready after ${seconds(startedAt)}, with a sandbox in place of the cloud: nothing is spent.\n`,
    );
    // A film takes its time: whoever wants to look need not wait for the last.
    if (switches.has('keep')) tellPage(gateway, 'Watch what is made');
    try {
      await runExamples(gateway.runFile.postgres, signals);
      console.log(
        `\nAll scenarios ran in ${seconds(startedAt)}. The pictures and videos lie in\n  ${join(gateway.sandboxObjects ?? '', 'demo')}`,
      );
    } catch (error) {
      await gateway.stop();
      throw error;
    }
    if (switches.has('keep')) {
      console.log(
        `\nThe gateway goes on; Ctrl-C ends it. Connect with\n  psql '${gateway.runFile.postgres}'`,
      );
      tellPage(gateway, 'or look at what was made');
      return untilStopped(gateway, signals);
    }
    console.log(
      'The addresses above end with the sandbox. demo --keep (npm run demo -- --keep) leaves it running, with a page that shows what was made.',
    );
    await gateway.stop();
    return 0;
  },
};

/** Its own engine, on a free port, in the sandbox, whatever the environment says for a gateway that stays. */
function demoEnvironment(): NodeJS.ProcessEnv {
  const usual = { HOLOGEN_PORT: '0', HOLOGEN_LOG_LEVEL: 'warn', ...process.env };
  return { ...usual, HOLOGEN_SANDBOX: 'on', HOLOGEN_ENGINE_URL: '' };
}

/** Each time another address, as each signs in once. */
function tellPage({ runFile }: Gateway, todo: string): void {
  const page = pageAddress(runFile);
  if (page) console.log(`${todo}, once within 15 minutes, at\n  ${page}\n`);
}

const marker = '.made-by-hologen-demo';

/** Only what an earlier demo made is deleted; somebody's own folder of that name is not. */
async function emptyDemoFolder(folder: string): Promise<void> {
  const content: string[] = await readdir(folder).catch(() => []);
  if (content.length > 0 && !content.includes(marker)) {
    throw new Error(`${folder} holds other files than a demo's; name another place with --data-dir`);
  }
  await rm(folder, { recursive: true, force: true });
  // As open as a gateway makes its own: root's engine runs under another account.
  await mkdir(folder, { recursive: true, mode: 0o711 });
  await writeFile(join(folder, marker), '');
}

async function runExamples(url: string, signals: StopSignals): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'hologen demo' });
  client.on('notice', (notice) => console.log(`  ${notice.message}`));
  await client.connect();
  try {
    for (const file of (await readdir(examples)).sort()) {
      if (signals.heard) throw new Error('stopped');
      const statement = (await readFile(join(examples, file), 'utf8')).trim();
      const startedAt = Date.now();
      console.log(`${statement}\n`);
      const { rows } = await client.query<Record<string, string>>(statement);
      for (const row of rows)
        for (const value of Object.values(row)) console.log(`${pretty(value)}\n  ${seconds(startedAt)}\n`);
    }
  } finally {
    await client.end();
  }
}

/** ai_gen returns JSON, except for text models. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
