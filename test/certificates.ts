/** Certificates for one test: authorities, and what they sign, as files that both this process and a test's PostgreSQL may read. */
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { postgresAccount } from './debian-postgres.js';

export interface CertificateFolder {
  /** Path of a file in it: `NAME.crt`, `NAME.key`. */
  file(name: string): string;
  authority(name: string): Promise<void>;
  /** A certificate of that authority, for a host name where one is given. */
  issue(name: string, authority: string, host?: string): Promise<void>;
  remove(): Promise<void>;
}

export async function makeCertificateFolder(): Promise<CertificateFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'hologen-certificates-'));
  await chmod(folder, 0o711);
  const account = await postgresAccount();
  const pairs = new Map<string, { key: string; cert: string }>();
  const file = (name: string) => join(folder, name);

  async function keep(
    name: string,
    { cert, private: key }: { cert: string; private: string },
  ): Promise<void> {
    pairs.set(name, { cert, key });
    await writeFile(file(`${name}.crt`), cert);
    // PostgreSQL wants its key for itself; root reads it all the same.
    await writeFile(file(`${name}.key`), key, { mode: 0o600 });
    if (account) await chown(file(`${name}.key`), account.uid, account.gid);
  }

  return {
    file,
    async authority(name) {
      const extensions = [{ name: 'basicConstraints' as const, cA: true, critical: true }];
      await keep(name, await generate([{ name: 'commonName', value: name }], { extensions }));
    },
    async issue(name, authority, host) {
      const altNames = [{ type: 2 as const, value: host ?? 'nowhere.example.com' }];
      const extensions = [{ name: 'subjectAltName' as const, altNames }];
      const ca = pairs.get(authority);
      await keep(name, await generate([{ name: 'commonName', value: host ?? name }], { ca, extensions }));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
