/** `hologen serve`: runs the gateway until it is told to stop. */
import { createLog, type Gateway, startGateway } from '../main.js';
import { readSettings, type SettingName, type Settings, switchSetting } from '../settings.js';
import { type Command, helpText } from './command.js';

export const serveFlags: SettingName[] = [
  'host',
  'port',
  'dataDir',
  'engineUrl',
  'sandbox',
  'sandboxImageMs',
  'sandboxVideoMs',
  'maxConnections',
  'tlsCert',
  'tlsKey',
];
const environmentOnly: SettingName[] = [
  'apiKey',
  'providerUrl',
  'ossEndpoint',
  'stsEndpoint',
  'allowedRoles',
  'ossDomains',
  'externalId',
  'secretKey',
  'callbackHost',
  'callbackPort',
  'sandboxLimits',
  'tlsMinVersion',
  'tlsClientCa',
  'loginMs',
  'drainMs',
  'logLevel',
];

export const serveCommand: Command = {
  summary: 'run the gateway',
  help: helpText(
    'serve [options]',
    'Runs the gateway, with its own PostgreSQL unless --engine-url names another. Prints one line that begins with "ready "\nwhen it can be used. SIGTERM and SIGINT stop it after the running statements; SIGHUP reads the certificate again.',
    [...serveFlags, ...environmentOnly],
  ),
  async run(args) {
    const { settings } = readSettings(args, process.env, serveFlags);
    const log = createLog(settings);
    announceMode(settings);
    const gateway = await startGateway(settings, log);
    const where = new URL(gateway.runFile.postgres);
    console.log(
      `ready postgresql://${where.username}@${where.host}${where.pathname} (hologen url prints it with the password)`,
    );
    process.on('SIGHUP', () => {
      try {
        gateway.reloadCertificate();
        log.info('certificate read again');
      } catch (error) {
        log.error({ err: error }, 'the new certificate cannot be used; the old one stays');
      }
    });
    return untilStopped(gateway);
  },
};

/** Without an account and without --sandbox most calls would fail; the sandbox is what a newcomer means. */
function announceMode(settings: Settings): void {
  if (switchSetting(settings, 'sandbox')) {
    console.log('sandbox: Model Studio, OSS and STS are stand-ins on this machine; nothing is spent');
  }
}

/** A second signal does not wait for the drain. */
export function untilStopped(gateway: Gateway): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = () => {
      if (stopping) process.exit(1);
      stopping = true;
      gateway.stop().then(
        () => resolve(0),
        (error: unknown) => {
          console.error(error);
          resolve(1);
        },
      );
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    gateway.engineDied.then(() => {
      if (stopping) return;
      console.error(
        'hologen serve: the engine does not start any more; engine.log in the data directory says why',
      );
      stopping = true;
      gateway.stop().finally(() => resolve(1));
    });
  });
}
