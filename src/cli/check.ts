/** `hologen check`: finds what is misconfigured and says how to mend it, without spending anything. */
import { UsageError } from '../errors.js';
import { findRunning, type RunFile } from '../run-file.js';
import { inSandbox, type SandboxAddresses } from '../sandbox.js';
import type { Configuration } from '../settings/configuration.js';
import { readSettings } from '../settings/read.js';
import type { SettingName } from '../settings/table.js';
import { drivers as stores } from '../storage/drivers.js';
import { openAccount } from './checks/account.js';
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
import { type Check, report } from './checks/report.js';
import { type Command, cloudSettings, helpText } from './command.js';

const flags: SettingName[] = [
  'dataDir',
  'settingsFile',
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
    const words = first < 0 ? args : args.slice(0, first);
    const { configuration } = readSettings(words, process.env, flags);
    const found = await findRunning(configuration.dataDirectory);
    // The demo's sandbox is no answer to whoever asks about an account.
    const isOther = found && found.directory !== configuration.dataDirectory && configuration.provider.apiKey;
    const gateway = isOther ? undefined : found;
    const dataDirectory = gateway?.directory ?? configuration.dataDirectory;
    const sandbox = gateway?.running.sandbox ?? undefined;
    const machine = machineChecks({ ...configuration, dataDirectory }, gateway?.running);
    if (sandbox) console.log(`The gateway on ${dataDirectory} runs in the sandbox; that is what is checked.`);
    else if (configuration.sandbox) {
      console.log('The sandbox is on: the account is not checked.');
      return (await report(machine)) ? 0 : 1;
    }
    return (await reportAll(configuration, machine, sandbox, places)) ? 0 : 1;
  },
};

async function reportAll(
  configuration: Configuration,
  machine: Check[],
  sandbox: SandboxAddresses | undefined,
  places: Place[],
): Promise<boolean> {
  const account = openAccount(sandbox ? inSandbox(configuration, sandbox) : configuration);
  try {
    const stsEndpoint = sandbox?.sts ?? configuration.storage.stsEndpoint;
    return await report([
      ...machine,
      ...(sandbox ? [] : [cloudSettingsCheck(account)]),
      keyCheck(account),
      identityCheck(account),
      clockCheck(stsEndpoint),
      ...places.map((place) => placeCheck(place, account)),
    ]);
  } finally {
    await account.close();
  }
}

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

function portChecks({ door, metrics }: Configuration): Check[] {
  const clients = portCheck('port', door.host, door.port);
  return metrics.port === undefined
    ? [clients]
    : [clients, portCheck('metricsPort', metrics.host, metrics.port)];
}

/** What a running gateway holds, its ports, is not tried. */
function machineChecks(configuration: Configuration, running: RunFile | undefined): Check[] {
  const { dataDirectory, door, engine } = configuration;
  return [
    dataDirectoryCheck(dataDirectory),
    ...(running ? [] : portChecks(configuration)),
    certificateCheck(door),
    engine.url === undefined
      ? embeddedEngineCheck
      : engineCheck(engine.url, running ? undefined : engine.callback),
  ];
}
