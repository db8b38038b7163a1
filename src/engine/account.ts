/** PostgreSQL refuses to run as root. If root starts the gateway, the engine runs under an unprivileged account that can reach its files. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, cp, mkdir, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

export interface EngineAccount {
  uid: number;
  gid: number;
}

export interface EnginePlace {
  /** Undefined: the engine runs as the user that started the gateway. */
  account: EngineAccount | undefined;
  /** Folder with `bin`, `lib`, `share`. */
  binaries: string;
  /** Folder for the cluster and its socket; owned by the account. */
  home: string;
}

/** Accounts to try if root starts the gateway; initdb needs one that has a name. */
const unprivilegedAccounts = ['postgres', 'nobody'];

/**
 * Decides where the engine lives and under which account it runs. If only root may enter a folder on the way (such as /root in a container), the
 * account could reach neither binaries nor data; both then go to /var/lib/hologen, under a name derived from the data directory's.
 */
export async function placeEngine(dataDirectory: string, binaries: string): Promise<EnginePlace> {
  const home = join(dataDirectory, 'engine');
  if (process.getuid?.() !== 0) {
    await mkdir(home, { recursive: true, mode: 0o700 });
    return { account: undefined, binaries, home };
  }
  const account = await findAccount();
  const reachableBinaries = (await othersCanEnter(binaries)) ? binaries : await copyBinaries(binaries);
  const reachableHome = (await othersCanEnter(dataDirectory))
    ? home
    : join(sharedRoot, hashOf(resolve(dataDirectory)));
  await mkdir(dirname(reachableHome), { recursive: true, mode: 0o755 });
  await mkdir(reachableHome, { recursive: true, mode: 0o700 });
  await chown(reachableHome, account.uid, account.gid);
  return { account, binaries: reachableBinaries, home: reachableHome };
}

export const sharedRoot = '/var/lib/hologen';

async function findAccount(): Promise<EngineAccount> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of unprivilegedAccounts) {
    const entry = lines.find((fields) => fields[0] === name);
    if (entry) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new Error(
    `PostgreSQL does not run as root, and this machine has none of the accounts ${unprivilegedAccounts.join(', ')}; start hologen as another user`,
  );
}

/** True if everybody may enter every folder on the way to `path`. */
async function othersCanEnter(path: string): Promise<boolean> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

async function copyBinaries(binaries: string): Promise<string> {
  const copy = join(sharedRoot, `binaries-${hashOf(binaries + (await stat(binaries)).mtimeMs)}`);
  if (existsSync(copy)) return copy;
  // Under another name until it is complete, because the gateway may be killed half way.
  const draft = `${copy}-${process.pid}`;
  await cp(binaries, draft, { recursive: true, verbatimSymlinks: true });
  await rename(draft, copy).catch((error: unknown) => {
    if (!existsSync(copy)) throw error;
  });
  return copy;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
