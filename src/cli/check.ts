/** `hologen check`: tells whether key, region, identity, roles and buckets work, without spending anything. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { SqlError } from '../errors.js';
import { openDrivers } from '../main.js';
import { findDefaultApiKey } from '../providers/default-api-key.js';
import { readRunFile } from '../run-file.js';
import { sandboxApiKey } from '../sandbox/keys.js';
import { readSettings, type SettingName, type Settings, UsageError } from '../settings.js';
import { parseOssPath } from '../storage/oss-path.js';
import { type Command, cloudSettings, helpText } from './command.js';

const flags: SettingName[] = ['dataDir'];
const shown: SettingName[] = [...flags, ...cloudSettings];
const timeoutMs = 60_000;

export const checkCommand: Command = {
  summary: 'tell whether key, region, roles and buckets work, spending nothing',
  help: helpText(
    'check [--data-dir DIR] [oss://bucket/path/ ENDPOINT ROLE_ARN]…',
    'Asks Model Studio about a task that does not exist (proves key and region), looks for the identity that assumes roles, and for\neach place given assumes the role and proves that files may be written there. A gateway that runs in the sandbox on the data\ndirectory is checked with its sandbox. Exit code 0: all works.',
    shown,
  ),
  async run(args) {
    const first = args.findIndex((arg) => arg.startsWith('oss://'));
    const placeArgs = first < 0 ? [] : args.slice(first);
    if (placeArgs.length % 3 !== 0)
      throw new UsageError('a place is three words: oss://bucket/path/ ENDPOINT ROLE_ARN');
    const { settings } = readSettings(first < 0 ? args : args.slice(0, first), process.env, flags);
    const sandbox = (await readRunFile(resolve(settings.dataDir ?? '')))?.sandbox ?? undefined;
    if (sandbox)
      console.log('The gateway on this data directory runs in the sandbox; that is what is checked.');
    const stopping: (() => Promise<void>)[] = [];
    const { studio, storage, identity } = openDrivers(settings, sandbox, stopping);
    const signal = AbortSignal.timeout(timeoutMs);
    const checks: [string, () => Promise<unknown>][] = [
      [
        'API key and region',
        async () => studio.probe(await requireKey(settings, sandbox !== undefined), signal),
      ],
      ['identity that assumes roles', identity],
    ];
    for (let i = 0; i < placeArgs.length; i += 3) {
      const [path, endpoint, roleArn] = placeArgs.slice(i, i + 3) as [string, string, string];
      checks.push([
        `${path} as ${roleArn}`,
        () => storage.checkWritable(parseOssPath(path, 'path'), { endpoint, roleArn }, signal),
      ]);
    }
    try {
      return await report(checks);
    } finally {
      await Promise.all(stopping.map((stop) => stop()));
    }
  },
};

async function requireKey(settings: Settings, inSandbox: boolean): Promise<string> {
  const key = inSandbox ? sandboxApiKey : await findDefaultApiKey(settings.apiKey, homedir());
  if (key) return key;
  throw new SqlError({
    sqlstate: '28000',
    message: 'no default API key',
    hint: 'Set DASHSCOPE_API_KEY, or give each model a key of its own when it is registered.',
  });
}

async function report(checks: [string, () => Promise<unknown>][]): Promise<number> {
  let failures = 0;
  for (const [name, check] of checks) {
    try {
      await check();
      console.log(`ok      ${name}`);
    } catch (error) {
      failures += 1;
      console.log(`failed  ${name}: ${(error as Error).message}`);
      if (error instanceof SqlError && error.detail) console.log(`        ${error.detail}`);
      if (error instanceof SqlError && error.hint) console.log(`        ${error.hint}`);
    }
  }
  return failures === 0 ? 0 : 1;
}
