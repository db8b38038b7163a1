/** The settings as the rest of the product has them: typed, complete, grouped by who needs them. Nothing is parsed after this. */
import { resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { checkCloudPlaces } from './cloud-places.js';
import { type SettingEntry, type SettingName, type SettingTexts, settingTable } from './table.js';

/** What a role may do that was granted no degree. */
export type DefaultDegree = 'maker' | 'viewer' | 'none';

/** What the operator has said of people's degrees. */
export interface DegreeSettings {
  defaultDegree: DefaultDegree;
  /** Jobs that viewers see. */
  viewersSee: 'shared' | 'all';
}

export interface Configuration {
  /** Each setting as it was written, or its default. */
  texts: SettingTexts;
  /** Absolute. */
  dataDirectory: string;
  logLevel: string;
  /** Clients at once. */
  maxConnections: number;
  door: DoorSettings;
  console: {
    host: string;
    /** Undefined: no console. 0: a free port. */
    port: number | undefined;
  };
  /** The gateway that a command works with; undefined: the one on the data directory. */
  gatewayUrl: string | undefined;
  mcp: {
    /** In CNY, of one session. */
    spendAtMost: number;
  };
  /** The OpenAI form of the API. */
  openai: {
    host: string;
    /** Undefined: not served. */
    port: number | undefined;
  };
  metrics: {
    host: string;
    /** Undefined: not served. */
    port: number | undefined;
  };
  engine: {
    /** Undefined: the embedded engine. */
    url: string | undefined;
    callback: CallbackSettings;
  };
  ledger: {
    /** 0: for ever. */
    keepJobsDays: number;
    keepUsageDays: number;
    /** Told when a soft budget is passed. */
    budgetWebhook: URL | undefined;
    webhookHosts: string[];
    /** Undefined: a random key is kept in the data directory. */
    secretKey: string | undefined;
  };
  degrees: DegreeSettings;
  provider: ProviderSettings;
  storage: StorageSettings;
  /** Deploy them when none is deployed. */
  usualModels: boolean;
  /** Undefined: no stand-in takes the cloud's place. */
  sandbox: { imageMs: number; videoMs: number; documentedLimits: boolean } | undefined;
}

export interface DoorSettings {
  host: string;
  port: number;
  loginMs: number;
  busyLookUs: number;
  drainMs: number;
  /** The operator's certificate and its key (PEM files); both undefined: the gateway's own. */
  tlsCert: string | undefined;
  tlsKey: string | undefined;
  minTlsVersion: 'TLSv1.2' | 'TLSv1.3';
  /** Client certificates must come from these (PEM file). */
  clientCa: string | undefined;
}

/** Where the engine finds this gateway. */
export interface CallbackSettings {
  host: string;
  port: number;
  rootCertificate: string | undefined;
}

export interface ProviderSettings {
  baseUrl: string;
  /** Further base URLs that pools of keys may name, beside the provider's own regions. */
  regions: string[];
  /** Undefined: the key of Alibaba's shared credentials file, if there is one. */
  apiKey: string | undefined;
  /** Whether the documented rates are kept to; undefined: nobody said, so they are. */
  rates: 'documented' | 'off' | undefined;
  /** Between two looks at a task; undefined: as the provider advises. */
  lookMs: number | undefined;
}

export interface StorageSettings {
  ossEndpoint: string | undefined;
  stsEndpoint: string;
  allowedRoles: string[];
  ossDomains: string[];
  externalId: string | undefined;
  /** Assumes the roles; undefined: Alibaba's default chain of credentials. */
  accessKey: { accessKeyId: string; accessKeySecret: string } | undefined;
}

/** @throws UsageError that names the setting which makes no sense */
export function configure(texts: SettingTexts): Configuration {
  const configuration = grouped(texts);
  checkCloudPlaces(configuration.provider, configuration.storage);
  return configuration;
}

function grouped(texts: SettingTexts): Configuration {
  return {
    texts: { ...texts },
    dataDirectory: resolve(required(texts, 'dataDir')),
    logLevel: required(texts, 'logLevel'),
    maxConnections: number(texts, 'maxConnections'),
    door: door(texts),
    console: { host: required(texts, 'consoleHost'), port: consolePort(texts) },
    gatewayUrl: texts.url,
    mcp: { spendAtMost: number(texts, 'spendAtMost') },
    openai: { host: required(texts, 'openaiHost'), port: optionalNumber(texts, 'openaiPort') },
    metrics: { host: required(texts, 'metricsHost'), port: optionalNumber(texts, 'metricsPort') },
    engine: { url: texts.engineUrl, callback: callback(texts) },
    ledger: {
      keepJobsDays: number(texts, 'keepJobsDays'),
      keepUsageDays: number(texts, 'keepUsageDays'),
      budgetWebhook: webhook(texts.budgetWebhook),
      webhookHosts: list(texts, 'webhookHosts').map((host) => host.toLowerCase()),
      secretKey: texts.secretKey,
    },
    degrees: {
      defaultDegree: required(texts, 'defaultDegree') as DefaultDegree,
      viewersSee: required(texts, 'viewersSee') as DegreeSettings['viewersSee'],
    },
    provider: {
      baseUrl: required(texts, 'providerUrl'),
      regions: list(texts, 'providerRegions'),
      apiKey: texts.apiKey,
      rates: texts.rates as ProviderSettings['rates'],
      lookMs: optionalNumber(texts, 'lookMs'),
    },
    storage: storage(texts),
    usualModels: texts.usualModels === 'on',
    sandbox: switchedOn(texts, 'sandbox') ? sandbox(texts) : undefined,
  };
}

function door(texts: SettingTexts): DoorSettings {
  return {
    host: required(texts, 'host'),
    port: number(texts, 'port'),
    loginMs: number(texts, 'loginMs'),
    busyLookUs: number(texts, 'busyLookUs'),
    drainMs: number(texts, 'drainMs'),
    tlsCert: texts.tlsCert,
    tlsKey: texts.tlsKey,
    minTlsVersion: texts.tlsMinVersion === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2',
    clientCa: texts.tlsClientCa,
  };
}

/** Without a setting it is the gateway's neighbour. */
function consolePort(texts: SettingTexts): number | undefined {
  if (texts.consolePort === 'off') return undefined;
  if (texts.consolePort !== undefined) return Number(texts.consolePort);
  const neighbour = number(texts, 'port');
  return neighbour === 0 || neighbour === settingTable.port.range[1] ? 0 : neighbour + 1;
}

function callback(texts: SettingTexts): CallbackSettings {
  return {
    host: required(texts, 'callbackHost'),
    port: number(texts, 'callbackPort'),
    rootCertificate: texts.callbackRootCert,
  };
}

function storage(texts: SettingTexts): StorageSettings {
  return {
    ossEndpoint: texts.ossEndpoint,
    stsEndpoint: required(texts, 'stsEndpoint'),
    allowedRoles: list(texts, 'allowedRoles'),
    ossDomains: list(texts, 'ossDomains'),
    externalId: texts.externalId,
    accessKey: undefined,
  };
}

function sandbox(texts: SettingTexts): Configuration['sandbox'] {
  return {
    imageMs: number(texts, 'sandboxImageMs'),
    videoMs: number(texts, 'sandboxVideoMs'),
    documentedLimits: texts.sandboxLimits === 'documented',
  };
}

/** Of a setting that has a default. */
function required(texts: SettingTexts, name: SettingName): string {
  const text = texts[name];
  if (text === undefined) throw new Error(`the setting ${name} has neither a value nor a default`);
  return text;
}

function number(texts: SettingTexts, name: SettingName): number {
  return Number(required(texts, name));
}

function optionalNumber(texts: SettingTexts, name: SettingName): number | undefined {
  return texts[name] === undefined ? undefined : Number(texts[name]);
}

function list(texts: SettingTexts, name: SettingName): string[] {
  return (texts[name] ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

function webhook(text: string | undefined): URL | undefined {
  if (text === undefined || text === '') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new UsageError(`${settingTable.budgetWebhook.env} must be an http(s) address, not "${text}"`);
}

function switchedOn(texts: SettingTexts, name: SettingName): boolean {
  const word = (texts[name] ?? 'off').toLowerCase();
  if (['true', '1', 'on', 'yes'].includes(word)) return true;
  if (['false', '0', 'off', 'no'].includes(word)) return false;
  const entry: SettingEntry = settingTable[name];
  throw new UsageError(`${entry.env} must be on or off, not "${texts[name]}"`);
}
