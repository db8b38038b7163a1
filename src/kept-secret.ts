/** Secrets of a data directory: random, made when first asked for, readable by the gateway's user only. */
import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export async function keptSecret(dataDirectory: string, fileName: string): Promise<string> {
  const file = join(dataDirectory, fileName);
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const secret = randomBytes(32).toString('base64url');
    // Written under another name first: who is killed half way must not leave an empty secret behind.
    const draft = `${file}.${process.pid}`;
    await writeFile(draft, `${secret}\n`, { mode: 0o600 });
    await link(draft, file).finally(() => rm(draft, { force: true }));
    return secret;
  }
}
