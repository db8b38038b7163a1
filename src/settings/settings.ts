/** Every setting of hologen: command line flag, environment variable, default and meaning, in one table. */
import { parseArgs } from 'node:util';

interface SettingEntry {
  flag?: string;
  env: string;
  /** What stands behind the flag in --help; none: a switch. */
  value?: string;
  default?: string;
  /** Whole numbers from the first to the second. */
  range?: readonly [least: number, most: number];
  /** Beside the numbers of the range. */
  word?: string;
  choices?: readonly string[];
  meaning: string;
}

const anyPort = [0, 65_535] as const;
const upToAnHour = [0, 3_600_000] as const;

export const settingTable = {
  host: {
    flag: 'host',
    env: 'HOLOGEN_HOST',
    value: 'ADDRESS',
    default: '127.0.0.1',
    meaning: 'address the gateway listens on',
  },
  port: {
    flag: 'port',
    env: 'HOLOGEN_PORT',
    value: 'PORT',
    default: '15432',
    range: anyPort,
    meaning: 'TCP port; 0 takes a free one',
  },
  consoleHost: {
    flag: 'console-host',
    env: 'HOLOGEN_CONSOLE_HOST',
    value: 'ADDRESS',
    default: '127.0.0.1',
    meaning: 'address the console listens on; HTTPS unless it is a loopback address',
  },
  consolePort: {
    flag: 'console-port',
    env: 'HOLOGEN_CONSOLE_PORT',
    value: 'PORT',
    range: anyPort,
    word: 'off',
    meaning:
      'port of the console, `off` for none; without it the one after --port, or a free one when that is 0',
  },
  dataDir: {
    flag: 'data-dir',
    env: 'HOLOGEN_DATA_DIR',
    value: 'DIR',
    default: '.hologen',
    meaning: 'folder of the embedded engine, passwords, certificate, sandbox files',
  },
  engineUrl: {
    flag: 'engine-url',
    env: 'HOLOGEN_ENGINE_URL',
    value: 'URL',
    meaning: 'use this PostgreSQL (14 or newer, with dblink) instead of the embedded one',
  },
  sandbox: {
    flag: 'sandbox',
    env: 'HOLOGEN_SANDBOX',
    meaning: 'stand-ins for Model Studio, OSS and STS on loopback; nothing is spent',
  },
  sandboxImageMs: {
    flag: 'sandbox-image-ms',
    env: 'HOLOGEN_SANDBOX_IMAGE_MS',
    value: 'MS',
    default: '1500',
    range: upToAnHour,
    meaning: 'how long the sandbox takes for a picture',
  },
  sandboxVideoMs: {
    flag: 'sandbox-video-ms',
    env: 'HOLOGEN_SANDBOX_VIDEO_MS',
    value: 'MS',
    default: '4000',
    range: upToAnHour,
    meaning: 'how long the sandbox takes for a video',
  },
  sandboxLimits: {
    env: 'HOLOGEN_SANDBOX_LIMITS',
    default: 'off',
    choices: ['off', 'documented'],
    meaning: "`documented`: the sandbox enforces the provider's rate limits",
  },
  maxConnections: {
    flag: 'max-connections',
    env: 'HOLOGEN_MAX_CONNECTIONS',
    value: 'N',
    default: '1000',
    range: [1, 1_000_000],
    meaning: 'clients at once; more are refused with 53300',
  },
  metricsPort: {
    flag: 'metrics-port',
    env: 'HOLOGEN_METRICS_PORT',
    value: 'PORT',
    range: anyPort,
    meaning: 'serve `/metrics`, `/healthz` and `/readyz` on this port; 0 takes a free one; not without it',
  },
  metricsHost: {
    flag: 'metrics-host',
    env: 'HOLOGEN_METRICS_HOST',
    value: 'ADDRESS',
    default: '127.0.0.1',
    meaning: 'address of the metrics port',
  },
  tlsCert: {
    flag: 'tls-cert',
    env: 'HOLOGEN_TLS_CERT',
    value: 'FILE',
    meaning: 'certificate (PEM) for clients; without one hologen makes its own',
  },
  tlsKey: { flag: 'tls-key', env: 'HOLOGEN_TLS_KEY', value: 'FILE', meaning: "the certificate's key (PEM)" },
  tlsMinVersion: {
    env: 'HOLOGEN_TLS_MIN_VERSION',
    default: 'TLSv1.2',
    choices: ['TLSv1.2', 'TLSv1.3'],
    meaning: 'oldest TLS version clients may use: TLSv1.2 or TLSv1.3',
  },
  tlsClientCa: {
    env: 'HOLOGEN_TLS_CLIENT_CA',
    meaning:
      'certificates (PEM) that client certificates must come from; with it a client without one is refused',
  },
  loginMs: {
    env: 'HOLOGEN_LOGIN_MS',
    default: '60000',
    range: [1, 3_600_000],
    meaning:
      "how long a client may take to say what it wants; then the engine's authentication_timeout holds",
  },
  drainMs: {
    env: 'HOLOGEN_DRAIN_MS',
    default: '30000',
    range: [0, 86_400_000],
    meaning: 'how long running statements may go on after SIGTERM',
  },
  keepJobsDays: {
    env: 'HOLOGEN_KEEP_JOBS_DAYS',
    default: '0',
    range: [0, 36_500],
    meaning: 'days that a finished job stays in hologen.jobs; 0: for ever',
  },
  keepUsageDays: {
    env: 'HOLOGEN_KEEP_USAGE_DAYS',
    default: '0',
    range: [0, 36_500],
    meaning: 'days that an attempt stays in hologen.usage; 0: for ever',
  },
  callbackHost: {
    env: 'HOLOGEN_CALLBACK_HOST',
    default: '127.0.0.1',
    meaning: 'with --engine-url: address of this gateway as the engine reaches it',
  },
  callbackPort: {
    env: 'HOLOGEN_CALLBACK_PORT',
    default: '0',
    range: anyPort,
    meaning: 'with --engine-url: port for it; 0 takes a free one',
  },
  callbackRootCert: {
    env: 'HOLOGEN_CALLBACK_ROOT_CERT',
    meaning:
      "with --engine-url: file on the engine's machine that the gateway's certificate is verified by, or `system`",
  },
  logLevel: {
    env: 'HOLOGEN_LOG_LEVEL',
    default: 'info',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    meaning: 'trace, debug, info, warn, error, fatal or silent; JSON lines on standard error',
  },
  apiKey: {
    env: 'DASHSCOPE_API_KEY',
    meaning: 'default API key of Model Studio; else `dashscope_api_key` in ~/.alibabacloud/credentials',
  },
  providerUrl: {
    env: 'DASHSCOPE_HTTP_BASE_URL',
    default: 'https://dashscope.aliyuncs.com/api/v1',
    meaning: "base URL of the provider's region; http only to loopback",
  },
  ossEndpoint: { env: 'HOLOGEN_OSS_ENDPOINT', meaning: 'send all OSS traffic there; http only to loopback' },
  stsEndpoint: {
    env: 'HOLOGEN_STS_ENDPOINT',
    default: 'https://sts.aliyuncs.com',
    meaning: 'where roles are assumed; http only to loopback',
  },
  ossDomains: {
    env: 'HOLOGEN_OSS_DOMAINS',
    meaning: 'custom OSS domains that SQL may name, `media.example.com=cn-hangzhou`, with commas',
  },
  allowedRoles: {
    env: 'HOLOGEN_ALLOWED_ROLES',
    meaning:
      'role ARNs that SQL may name, `*` for any run of characters, with commas; none are allowed without it, all in the sandbox',
  },
  externalId: { env: 'HOLOGEN_STS_EXTERNAL_ID', meaning: 'external id sent when a role is assumed' },
  secretKey: {
    env: 'HOLOGEN_SECRET_KEY',
    meaning:
      'passphrase that encrypts stored API keys; without one a random key is kept in the data directory',
  },
} as const satisfies Record<string, SettingEntry>;

export type SettingName = keyof typeof settingTable;
export type Settings = Record<SettingName, string | undefined>;

export class UsageError extends Error {}

const entries = Object.entries(settingTable) as [SettingName, SettingEntry][];

/** Flags win over the environment, the environment over defaults. `extra` are switches of one command. */
export function readSettings(
  args: string[],
  environment: NodeJS.ProcessEnv,
  flags: readonly SettingName[],
  extra: readonly string[] = [],
): { settings: Settings; switches: Set<string> } {
  const options: Record<string, { type: 'string' | 'boolean' }> = { help: { type: 'boolean' } };
  for (const name of flags) {
    const entry: SettingEntry = settingTable[name];
    if (entry.flag) options[entry.flag] = { type: entry.value ? 'string' : 'boolean' };
  }
  for (const name of extra) options[name] = { type: 'boolean' };
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({ args, options, strict: true, allowPositionals: false }) as {
      values: typeof values;
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const settings = Object.fromEntries(
    entries.map(([name, entry]) => {
      const flag = entry.flag ? values[entry.flag] : undefined;
      const given = flag === undefined ? environment[entry.env] || undefined : String(flag);
      return [name, fitting(entry, given ?? entry.default)];
    }),
  ) as Settings;
  return { settings, switches: new Set(Object.keys(values).filter((name) => values[name] === true)) };
}

/** The value itself, or a UsageError that names the setting both ways, so that nothing starts with a wrong one. */
function fitting(entry: SettingEntry, value: string | undefined): string | undefined {
  const { range, word, choices } = entry;
  if (value === undefined || value === word) return value;
  const names = namesOf(entry);
  if (range && !(/^\d+$/.test(value) && Number(value) >= range[0] && Number(value) <= range[1]))
    throw new UsageError(
      `${names} must be ${word ? `${word} or ` : ''}a whole number from ${range[0]} to ${range[1]}, not "${value}"`,
    );
  if (choices && !choices.includes(value))
    throw new UsageError(`${names} must be ${choices.join(', ')}, not "${value}"`);
  return value;
}

/** Both names of a setting, as people may have written it. */
function namesOf({ flag, env }: SettingEntry): string {
  return [flag && `--${flag}`, env].filter(Boolean).join(' / ');
}

/** Why a server could not listen, with the setting that says where; other errors are returned as they are. */
export function listenFailure(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
  setting: SettingName,
): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'another program listens there',
    EACCES: 'the system does not allow it',
    EADDRNOTAVAIL: 'the address is not one of this machine',
  };
  const reason = reasons[error.code ?? ''];
  if (!reason) return error;
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Error(
    `cannot listen on ${where}: ${reason} (${error.code}); ${namesOf(settingTable[setting])} chooses another place`,
    { cause: error },
  );
}

type NumberName = {
  [Name in SettingName]: (typeof settingTable)[Name] extends { word: unknown }
    ? never
    : (typeof settingTable)[Name] extends { range: unknown }
      ? Name
      : never;
}[SettingName];

export function numberSetting(settings: Settings, name: NumberName): number {
  return Number(fitting(settingTable[name], settings[name]));
}

/** Undefined: no console. Without a setting it is the gateway's neighbour. */
export function consolePortSetting(settings: Settings): number | undefined {
  const port = fitting(settingTable.consolePort, settings.consolePort);
  if (port === 'off') return undefined;
  if (port !== undefined) return Number(port);
  const gatewayPort = numberSetting(settings, 'port');
  return gatewayPort === 0 || gatewayPort === anyPort[1] ? 0 : gatewayPort + 1;
}

export function switchSetting(settings: Settings, name: SettingName): boolean {
  const word = (settings[name] ?? 'off').toLowerCase();
  if (['true', '1', 'on', 'yes'].includes(word)) return true;
  if (['false', '0', 'off', 'no'].includes(word)) return false;
  const entry: SettingEntry = settingTable[name];
  throw new UsageError(`${entry.env} must be on or off, not "${settings[name]}"`);
}

export function listSetting(settings: Settings, name: SettingName): string[] {
  return (settings[name] ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

/** The lines of --help for some settings. */
export function describeSettings(names: readonly SettingName[]): string {
  return names
    .map((name) => {
      const entry: SettingEntry = settingTable[name];
      const flag = entry.flag ? `--${entry.flag}${entry.value ? ` ${entry.value}` : ''}` : '';
      const more = [entry.env, entry.default && `default ${entry.default}`].filter(Boolean).join(', ');
      return `  ${flag.padEnd(24)} ${entry.meaning} (${more})`;
    })
    .join('\n');
}
