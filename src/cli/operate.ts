/** What the commands have in common that operate a running gateway: they say in SQL what an administrator could say from any client. */
import pg from 'pg';
import { UsageError } from '../errors.js';
import { type OwnArguments, type ReadSettings, readSettings } from '../settings/read.js';
import type { SettingName } from '../settings/table.js';
import { requireRunning } from './url.js';

export const operatorFlags: SettingName[] = ['url', 'dataDir'];

export type Asked = Pick<ReadSettings, 'switches' | 'given' | 'words'>;

/** `read` judges the arguments; what it gives is run with a connection to the gateway of --url, else as the owner of the one on the data directory. */
export async function operate(
  args: string[],
  own: OwnArguments,
  read: (asked: Asked) => (client: pg.Client) => Promise<number>,
): Promise<number> {
  const { configuration, ...asked } = readSettings(args, process.env, operatorFlags, own);
  const work = read(asked);
  const { gatewayUrl, dataDirectory } = configuration;
  const connectionString = gatewayUrl ?? (await requireRunning(dataDirectory)).postgres;
  const client = new pg.Client({ connectionString, application_name: 'hologen' });
  client.on('error', () => {});
  // What the gateway says besides is for whoever operates it.
  client.on('notice', ({ message }) => console.error(message));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** The words that a command is about, `least` to `most` of them. */
export function requireWords({ words }: Asked, least: number, most: number, what: string): string[] {
  if (words.length >= least && words.length <= most) return words;
  throw new UsageError(
    `${what} expected, ${words.length === 0 ? 'and none is given' : `not "${words.join(' ')}"`}`,
  );
}
