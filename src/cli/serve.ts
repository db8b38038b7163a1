/** `hologen serve`: runs the gateway until it is told to stop. */
import { homedir } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import type { Logger } from 'pino';
import { createLog } from '../log.js';
import { type Gateway, startGateway } from '../main.js';
import { findDefaultApiKey } from '../providers/model-studio/default-api-key.js';
import { hasKnownPrices } from '../providers/model-studio/money.js';
import type { Configuration } from '../settings/configuration.js';
import { readSettings } from '../settings/read.js';
import type { SettingName } from '../settings/table.js';
import { type Command, cloudSettings, helpText } from './command.js';
import { pageAddress } from './page-address.js';
import { hearStopSignals, stopAtMistakes, untilStopped } from './signals.js';

export const serveFlags: SettingName[] = [
  'host',
  'port',
  'consoleHost',
  'consolePort',
  'dataDir',
  'settingsFile',
  'engineUrl',
  'sandbox',
  'sandboxImageMs',
  'sandboxVideoMs',
  'maxConnections',
  'openaiPort',
  'openaiHost',
  'metricsPort',
  'metricsHost',
  'tlsCert',
  'tlsKey',
];
const environmentOnly: SettingName[] = [
  ...cloudSettings,
  'secretKey',
  'callbackHost',
  'callbackPort',
  'callbackRootCert',
  'sandboxLimits',
  'tlsMinVersion',
  'tlsClientCa',
  'loginMs',
  'busyLookUs',
  'drainMs',
  'logLevel',
];

export const serveCommand: Command = {
  summary: 'run the gateway',
  help: helpText(
    'serve [options]',
    'Runs the gateway, with its own PostgreSQL unless --engine-url names another. Prints one line that begins with "ready "\nwhen it can be used. SIGTERM and SIGINT stop it after the running statements; SIGHUP reads settings\nand certificate again, as hologen reload does.',
    [...serveFlags, ...environmentOnly],
    '\n  --sandbox-without-key    serve in the sandbox when there is no default API key (npm start does so)',
  ),
  async run(args) {
    // V8 lets what lives a moment pile up to a multiple of what lives on: of a statement of 20,000 calls 280 MB instead of 110.
    setFlagsFromString('--heap-growing-percent=50');
    const configuration = await readConfiguration(args, console.log);
    const log = createLog(configuration.logLevel);
    announceMode(configuration);
    const signals = hearStopSignals();
    const gateway = await startGateway(configuration, log, undefined, () => readConfiguration(args));
    const where = new URL(gateway.runFile.postgres);
    console.log(
      `ready postgresql://${where.username}@${where.host}${where.pathname} (hologen url prints it with the password)`,
    );
    const page = pageAddress(gateway.runFile);
    if (page) console.log(`console ${page}`);
    if (gateway.runFile.openai) console.log(`openai ${gateway.runFile.openai}`);
    process.on('SIGHUP', () => void reload(gateway, log));
    stopAtMistakes(gateway, log);
    return untilStopped(gateway, signals);
  },
};

/** As CALL reload_settings(), told in the log. */
async function reload(gateway: Gateway, log: Logger): Promise<void> {
  try {
    const { changed, needRestart } = await gateway.reload();
    log.info({ changed, needRestart }, 'settings and certificate read again');
  } catch (error) {
    log.error({ err: error }, 'settings and certificate cannot be used; the old ones stay');
  }
}

/** Without an account every call would fail; the sandbox is what a newcomer means. */
async function readConfiguration(args: string[], say = (_line: string) => {}): Promise<Configuration> {
  const read = (environment: NodeJS.ProcessEnv) =>
    readSettings(args, environment, serveFlags, { switches: ['sandbox-without-key'] });
  const { configuration, switches } = read(process.env);
  if (configuration.sandbox) return configuration;
  // Read before anything is started, as it may be refused.
  const key = await findDefaultApiKey(configuration.provider.apiKey, homedir());
  if (key) return configuration;
  if (!switches.has('sandbox-without-key')) {
    say(
      'no API key (DASHSCOPE_API_KEY is not set): only models with a key of their own can be called; --sandbox runs without an account',
    );
    return configuration;
  }
  say('no API key (DASHSCOPE_API_KEY is not set), so the sandbox takes the place of the cloud');
  return read({ ...process.env, HOLOGEN_SANDBOX: 'on' }).configuration;
}

function announceMode({ sandbox, provider }: Configuration): void {
  if (sandbox)
    console.log('sandbox: Model Studio, OSS and STS are stand-ins on this machine; nothing is spent');
  else if (!hasKnownPrices(provider.baseUrl))
    console.log(
      `prices are known of Beijing alone, and ${new URL(provider.baseUrl).host} costs more: give models a "price", or budgets of money count too little`,
    );
}
