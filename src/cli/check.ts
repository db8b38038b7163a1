/** `hologen check`: finds what is misconfigured and says how to mend it, without spending anything. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { sandboxApiKey } from '../../sandbox/keys.js';
import { openDrivers } from '../main.js';
import { findDefaultApiKey } from '../providers/model-studio/default-api-key.js';
import { type RunFile, readRunFile } from '../run-file.js';
import {
  numberSetting,
  readSettings,
  type SettingName,
  type Settings,
  switchSetting,
  UsageError,
} from '../settings/settings.js';
import { drivers as stores } from '../storage/drivers.js';
import {
  clockCheck,
  cloudSettingsCheck,
  identityCheck,
  keyCheck,
  type Place,
  placeCheck,
} from './checks/cloud.js';
import { engineCheck } from './checks/engine.js';
import { certificateCheck, dataDirectoryCheck, embeddedEngineCheck, portCheck } from './checks/machine.js';
import { type Check, misconfigured, report } from './checks/report.js';
import { type Command, cloudSettings, helpText } from './command.js';

const flags: SettingName[] = [
  'dataDir',
  'host',
  'port',
  'engineUrl',
  'sandbox',
  'metricsPort',
  'metricsHost',
  'tlsCert',
  'tlsKey',
];
const environmentOnly: SettingName[] = [
  ...cloudSettings,
  'tlsClientCa',
  'callbackHost',
  'callbackPort',
  'callbackRootCert',
];

export const checkCommand: Command = {
  summary: 'tell what is misconfigured and how to mend it, spending nothing',
  help: helpText(
    'check [options] [oss://bucket/path/ ENDPOINT ROLE_ARN]…',
    'Run it with the settings that hologen serve gets. It looks at data directory, port, certificate and engine; asks Model Studio about\na task that does not exist (proves key and region); looks for the identity that assumes roles and at the clock; and for each place\ngiven assumes the role and proves that files may be written there. Where a gateway runs in the sandbox on the data directory, its\nsandbox is asked in the place of the cloud.\n\nPrints a line a check: ok, note (works, but worth knowing) or failed (with what to do). Exit codes: 0 nothing failed,\n1 something failed, 2 wrong usage.',
    [...flags, ...environmentOnly],
  ),
  async run(args) {
    const first = args.findIndex(isPath);
    const places = readPlaces(first < 0 ? [] : args.slice(first));
    const { settings } = readSettings(first < 0 ? args : args.slice(0, first), process.env, flags);
    const running = await readRunFile(resolve(settings.dataDir ?? ''));
    const sandbox = running?.sandbox ?? undefined;
    const machine = machineChecks(settings, running);
    if (sandbox)
      console.log('The gateway on this data directory runs in the sandbox; that is what is checked.');
    else if (switchSetting(settings, 'sandbox')) {
      console.log('The sandbox is on: the account is not checked.');
      return (await report(machine)) ? 0 : 1;
    }
    const stopping: (() => Promise<void>)[] = [];
    try {
      return (await report([...machine, ...accountChecks(settings, sandbox, places, stopping)])) ? 0 : 1;
    } finally {
      await Promise.all(stopping.map((stop) => stop()));
    }
  },
};

/** A path of a store that hologen knows. */
function isPath(word: string): boolean {
  return stores.some(({ form }) => word.startsWith(`${form.scheme}://`));
}

function readPlaces(words: string[]): Place[] {
  if (words.length % 3 !== 0)
    throw new UsageError('a place is three words: oss://bucket/path/ ENDPOINT ROLE_ARN');
  return words.flatMap((path, index) =>
    index % 3 === 0 ? [{ path, endpoint: words[index + 1] ?? '', roleArn: words[index + 2] ?? '' }] : [],
  );
}

function portChecks(settings: Settings): Check[] {
  const { host, metricsHost, metricsPort } = settings;
  const clients = portCheck('port', host ?? '127.0.0.1', numberSetting(settings, 'port'));
  if (metricsPort === undefined) return [clients];
  return [
    clients,
    portCheck('metricsPort', metricsHost ?? '127.0.0.1', numberSetting(settings, 'metricsPort')),
  ];
}

/** What a running gateway holds, its ports, is not tried. */
function machineChecks(settings: Settings, running: RunFile | undefined): Check[] {
  const callback = {
    host: settings.callbackHost ?? '127.0.0.1',
    port: numberSetting(settings, 'callbackPort'),
    rootCertificate: settings.callbackRootCert,
  };
  return [
    dataDirectoryCheck(resolve(settings.dataDir ?? '')),
    ...(running ? [] : portChecks(settings)),
    certificateCheck(settings),
    settings.engineUrl === undefined
      ? embeddedEngineCheck
      : engineCheck(settings.engineUrl, running ? undefined : callback),
  ];
}

function accountChecks(
  settings: Settings,
  sandbox: NonNullable<RunFile['sandbox']> | undefined,
  places: Place[],
  stopping: (() => Promise<void>)[],
): Check[] {
  let drivers: ReturnType<typeof openDrivers>;
  try {
    drivers = openDrivers(settings, sandbox, stopping);
  } catch (error) {
    // A URL of the settings that is none.
    const { message } = error as Error;
    return [
      {
        name: 'cloud settings',
        run: () =>
          Promise.reject(misconfigured(message, 'See the list of settings: hologen check --help.', error)),
      },
    ];
  }
  const findKey = () =>
    sandbox ? Promise.resolve(sandboxApiKey) : findDefaultApiKey(settings.apiKey, homedir());
  return [
    ...(sandbox ? [] : [cloudSettingsCheck(settings, drivers)]),
    keyCheck(findKey, drivers, settings.providerUrl ?? ''),
    identityCheck(drivers),
    clockCheck(sandbox?.sts ?? settings.stsEndpoint ?? ''),
    ...places.map((place) => placeCheck(place, drivers)),
  ];
}
