/** Where the cluster of a data directory is when it is not in it, so that one that was moved does not begin again with an empty cluster. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KnownError } from '../errors.js';
import { sharedRoot } from './account.js';

/** Beside the files that the gateway itself keeps, and moved with them. */
const fileName = 'engine-home';
const innerHome = (dataDirectory: string) => join(dataDirectory, 'engine');

/** To be called with each start, when the cluster is in `home`. */
export async function noteHome(dataDirectory: string, home: string): Promise<void> {
  const file = join(dataDirectory, fileName);
  if (home === innerHome(dataDirectory)) await rm(file, { force: true });
  else await writeFile(file, `${home}\n`, { mode: 0o600 });
}

/**
 * To be called before a cluster is created in `home`. Throws a KnownError 58000 where the data directory has one elsewhere. It is not used there:
 * the directory may be a copy, whose original still runs on it.
 */
export async function refuseSecondCluster(dataDirectory: string, home: string): Promise<void> {
  const file = join(dataDirectory, fileName);
  const noted = (await readFile(file, 'utf8').catch(() => '')).trim();
  const inner = innerHome(dataDirectory);
  const other = noted || (home !== inner && existsSync(join(inner, 'cluster')) ? inner : undefined);
  if (other === undefined) return;
  const isThere = existsSync(join(other, 'cluster'));
  throw new KnownError({
    kind: 'systemError',
    message: `${dataDirectory} has databases, which ${isThere ? 'are' : 'were'} in ${other}, and none in ${home}, where its engine is to live now`,
    detail: `Some folders only root may enter: the engine of a data directory there lives below ${sharedRoot}.`,
    hint: isThere
      ? `If no gateway runs on them any more, move them: mv ${join(other, 'cluster')} ${home}/`
      : `Bring them back to ${join(home, 'cluster')}, or delete ${file} to begin with empty ones.`,
  });
}
