/** The certificate the gateway shows: the operator's, or one of its own, made once and kept in the data directory. */
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { generate } from 'selfsigned';

export interface CertificateFiles {
  cert: string;
  key: string;
}

export interface Certificate {
  current(): SecureContext;
  /** Reads the files again; a broken pair is an error and the old one stays. */
  reload(): void;
}

const validForDays = 3650;

export function openCertificate(files: CertificateFiles): Certificate {
  const read = () =>
    createSecureContext({
      cert: readFileSync(files.cert),
      key: readFileSync(files.key),
      minVersion: 'TLSv1.2',
    });
  let context = read();
  return {
    current: () => context,
    reload() {
      context = read();
    },
  };
}

/** The files of the gateway's own certificate below `dataDirectory`, made when there are none. */
export async function ensureOwnCertificate(dataDirectory: string): Promise<CertificateFiles> {
  const folder = join(dataDirectory, 'tls');
  const files = { cert: join(folder, 'server.crt'), key: join(folder, 'server.key') };
  const present = await readFile(files.key).catch(() => undefined);
  if (present) return files;
  const notAfterDate = new Date(Date.now() + validForDays * 24 * 3600 * 1000);
  const pair = await generate([{ name: 'commonName', value: 'hologen' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate,
  });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(files.cert, pair.cert);
  await writeFile(files.key, pair.private, { mode: 0o600 });
  return files;
}
