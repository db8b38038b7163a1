/** Starts the stand-in for the cloud, and points the settings to it: behind them nobody knows whom he talks to. The only way into sandbox/. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cloud } from '../sandbox/cloud.js';
import { sandboxApiKey, sandboxKeys } from '../sandbox/keys.js';
import type { Configuration } from './settings/configuration.js';

/** Where a sandbox is found. */
export type SandboxAddresses = Pick<Cloud, 'modelStudio' | 'oss' | 'sts'>;

/** Undefined: the settings ask for none. `stopping` takes what stops it. */
export async function startSandbox(
  { sandbox, dataDirectory }: Configuration,
  stopping: (() => Promise<void>)[],
): Promise<Cloud | undefined> {
  if (!sandbox) return undefined;
  const directory = join(dataDirectory, 'sandbox');
  // What clients generate is theirs, also when it is only pretended.
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // Loaded only here: it brings a drawing library and fonts that nobody else needs.
  const { startCloud } = await import('../sandbox/cloud.js');
  const cloud = await startCloud({ directory, ...sandbox });
  stopping.push(cloud.close);
  return cloud;
}

const slowestLookMs = 3_000;
const quickestLookMs = 50;

/** The same settings with a sandbox in the cloud's place; what an operator set stays. */
export function inSandbox(configuration: Configuration, cloud: SandboxAddresses): Configuration {
  const { sandbox, provider, storage } = configuration;
  // A sandbox that is told to be quick is looked at as much more often.
  const lookMs = Math.min(slowestLookMs, Math.max(quickestLookMs, (sandbox?.videoMs ?? 0) / 10));
  return {
    ...configuration,
    provider: {
      baseUrl: `${cloud.modelStudio}/api/v1`,
      // It stands in for all of the provider's regions.
      regions: [],
      apiKey: sandboxApiKey,
      rates: provider.rates ?? (sandbox?.documentedLimits ? 'documented' : 'off'),
      lookMs: provider.lookMs ?? lookMs,
    },
    storage: {
      ...storage,
      ossEndpoint: cloud.oss,
      stsEndpoint: cloud.sts,
      allowedRoles: storage.allowedRoles.length > 0 ? storage.allowedRoles : ['*'],
      accessKey: sandboxKeys,
    },
  };
}
