/** Reading the settings again while the gateway runs: those that the table calls live hold from then on, of the others it is told that they need a restart. */
import { KnownError, UsageError } from '../errors.js';
import type { Configuration } from './configuration.js';
import { type LiveSettingName, type SettingName, settingTable } from './table.js';

export interface Reloaded {
  /** Environment names of what holds from now on. */
  changed: string[];
  /** Of what is written otherwise now, and holds when the gateway is started again. */
  needRestart: string[];
}

export interface Reloading {
  /** One at a time. What makes no sense is a KnownError 22023 that names the setting, and changes nothing. */
  reload(): Promise<Reloaded>;
  /** Done before anything changes; one that throws a UsageError keeps all as it was. */
  before: (() => void)[];
  /** Done when the settings have changed. */
  after: (() => Promise<void> | void)[];
}

/** Where each live setting stands in the configuration: whoever goes by one reads it there each time. */
const rooms: { [Name in LiveSettingName]: (configuration: Configuration) => Record<Name, unknown> } = {
  allowedRoles: ({ storage }) => storage,
  ossDomains: ({ storage }) => storage,
  drainMs: ({ door }) => door,
  keepJobsDays: ({ ledger }) => ledger,
  keepUsageDays: ({ ledger }) => ledger,
  rates: ({ provider }) => provider,
  budgetWebhook: ({ ledger }) => ledger,
  webhookHosts: ({ ledger }) => ledger,
  defaultDegree: ({ degrees }) => degrees,
  viewersSee: ({ degrees }) => degrees,
  logLevel: (configuration) => configuration,
};

/** `current` is what the gateway goes by; `read` gives what is written now, as it would be used. */
export function createReloading(current: Configuration, read: () => Promise<Configuration>): Reloading {
  const before: Reloading['before'] = [];
  const after: Reloading['after'] = [];
  let latest: Promise<unknown> = Promise.resolve();
  async function readAndCheck(): Promise<Configuration> {
    const next = await read();
    for (const check of before) check();
    return next;
  }
  async function reload(): Promise<Reloaded> {
    const next = await readAndCheck().catch(refuseUnusable);
    const names = (Object.keys(settingTable) as SettingName[]).filter(
      (name) => next.texts[name] !== current.texts[name],
    );
    const changed = names.filter(isLive);
    for (const name of changed) {
      take(name, current, next);
      current.texts[name] = next.texts[name];
    }
    for (const act of after) await act();
    const told = (those: SettingName[]) => those.map((name) => settingTable[name].env);
    return { changed: told(changed), needRestart: told(names.filter((name) => !isLive(name))) };
  }
  return {
    ...{ before, after },
    reload() {
      const reloaded = latest.then(reload, reload);
      latest = reloaded;
      return reloaded;
    },
  };
}

function take<Name extends LiveSettingName>(name: Name, to: Configuration, from: Configuration): void {
  const room = rooms[name];
  room(to)[name] = room(from)[name];
}

function isLive(name: SettingName): name is LiveSettingName {
  return Object.hasOwn(rooms, name);
}

function refuseUnusable(error: unknown): never {
  if (!(error instanceof UsageError)) throw error;
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: error.message,
    hint: 'Nothing has changed. Put it right and read the settings again.',
    cause: error,
  });
}
