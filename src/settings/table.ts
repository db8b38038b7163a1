/**
 * Every setting of an operator: command line flag, environment variable, default and meaning, in one table.
 *
 * Room: src/settings holds what can be set: the table, its one reading, and what is said about a wrong value.
 */

export interface SettingEntry {
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
  /** It can change while the gateway runs, when the settings are read again. */
  live?: true;
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
  settingsFile: {
    flag: 'settings-file',
    env: 'HOLOGEN_SETTINGS_FILE',
    value: 'FILE',
    meaning:
      'more settings, a line `NAME=value` each under the names of the environment, which wins over the file; without it `settings.env` in the data directory, if it is there',
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
  rates: {
    env: 'HOLOGEN_RATES',
    live: true,
    choices: ['documented', 'off'],
    meaning:
      "`documented` (the default) keeps to the provider's rates and numbers of tasks, `off` only to those of deployed models; in the sandbox as HOLOGEN_SANDBOX_LIMITS",
  },
  lookMs: {
    env: 'HOLOGEN_LOOK_MS',
    range: [10, 3_600_000],
    meaning:
      'milliseconds between two looks at a task; without it as the provider advises, 3 to 15 s, in the sandbox as its videos need',
  },
  usualModels: {
    env: 'HOLOGEN_USUAL_MODELS',
    default: 'on',
    choices: ['on', 'off'],
    meaning: 'deploy the usual models under the names of the documentation when none is deployed',
  },
  maxConnections: {
    flag: 'max-connections',
    env: 'HOLOGEN_MAX_CONNECTIONS',
    value: 'N',
    default: '1000',
    range: [1, 1_000_000],
    meaning: 'clients at once; more are refused with 53300',
  },
  url: {
    flag: 'url',
    env: 'HOLOGEN_URL',
    value: 'URL',
    meaning:
      'hologen mcp and the commands that operate a gateway: the gateway and the role, `postgresql://role:password@host:port/hologen`; without it the owner of the one on --data-dir',
  },
  spendAtMost: {
    flag: 'spend-at-most',
    env: 'HOLOGEN_SPEND_AT_MOST',
    value: 'CNY',
    default: '10',
    range: [0, 1_000_000],
    meaning: 'hologen mcp: what one session of an agent may spend',
  },
  openaiPort: {
    flag: 'openai-port',
    env: 'HOLOGEN_OPENAI_PORT',
    value: 'PORT',
    range: anyPort,
    meaning: 'serve the OpenAI form of the API (`/v1/…`) on this port; 0 takes a free one; not without it',
  },
  openaiHost: {
    flag: 'openai-host',
    env: 'HOLOGEN_OPENAI_HOST',
    value: 'ADDRESS',
    default: '127.0.0.1',
    meaning: 'address of the OpenAI form of the API; HTTPS unless it is a loopback address',
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
  busyLookUs: {
    env: 'HOLOGEN_BUSY_LOOK_US',
    default: '150',
    range: [0, 10_000],
    meaning:
      'how many microseconds the gateway looks for the next message before it sleeps, while one session alone takes turns with the engine as quickly as that: to be woken takes longer. 0: it sleeps at once',
  },
  drainMs: {
    env: 'HOLOGEN_DRAIN_MS',
    live: true,
    default: '30000',
    range: [0, 86_400_000],
    meaning: 'how long running statements may go on after SIGTERM',
  },
  keepJobsDays: {
    env: 'HOLOGEN_KEEP_JOBS_DAYS',
    live: true,
    default: '0',
    range: [0, 36_500],
    meaning: 'days that a finished job stays in hologen.jobs; 0: for ever',
  },
  keepUsageDays: {
    env: 'HOLOGEN_KEEP_USAGE_DAYS',
    live: true,
    default: '0',
    range: [0, 36_500],
    meaning: 'days that an attempt stays in hologen.usage; 0: for ever',
  },
  defaultDegree: {
    env: 'HOLOGEN_DEFAULT_DEGREE',
    live: true,
    default: 'maker',
    choices: ['maker', 'viewer', 'none'],
    meaning:
      'what a role may do that was granted none of hologen_admin, hologen_maker and hologen_viewer: maker, viewer or none',
  },
  viewersSee: {
    env: 'HOLOGEN_VIEWERS_SEE',
    live: true,
    default: 'shared',
    choices: ['shared', 'all'],
    meaning: 'what members of hologen_viewer see: the jobs that were shared (share_job), or all',
  },
  budgetWebhook: {
    env: 'HOLOGEN_BUDGET_WEBHOOK',
    live: true,
    meaning: 'address that is told, by a POST of JSON, when a soft budget is passed',
  },
  webhookHosts: {
    env: 'HOLOGEN_WEBHOOK_HOSTS',
    live: true,
    meaning:
      'hosts that webhooks may be at, `*.example.com` for what is under one, with commas; none without it, in the sandbox those of this machine besides',
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
    live: true,
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
  providerRegions: {
    env: 'HOLOGEN_PROVIDER_REGIONS',
    meaning:
      "further base URLs that a model's pool of keys may name, comma-separated; Model Studio's own regions always may",
  },
  ossEndpoint: { env: 'HOLOGEN_OSS_ENDPOINT', meaning: 'send all OSS traffic there; http only to loopback' },
  stsEndpoint: {
    env: 'HOLOGEN_STS_ENDPOINT',
    default: 'https://sts.aliyuncs.com',
    meaning: 'where roles are assumed; http only to loopback',
  },
  ossDomains: {
    env: 'HOLOGEN_OSS_DOMAINS',
    live: true,
    meaning:
      'custom OSS domains that SQL may name, `media.example.com=cn-hangzhou`, with commas; with its bucket, `media.example.com=cn-hangzhou/bucket`, the provider is given addresses of that domain, whatever endpoint SQL names',
  },
  allowedRoles: {
    env: 'HOLOGEN_ALLOWED_ROLES',
    live: true,
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

/** Those that can change while the gateway runs. */
export type LiveSettingName = {
  [Name in SettingName]: (typeof settingTable)[Name] extends { live: true } ? Name : never;
}[SettingName];

/** Settings as they were written. */
export type SettingTexts = Record<SettingName, string | undefined>;
