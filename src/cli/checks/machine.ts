/** Checks of the machine that the gateway is to run on: data directory, ports, certificate files, the embedded engine's programs. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rmdir, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { findEngineBinaries } from '../../engine/binaries.js';
import type { DoorSettings } from '../../settings/configuration.js';
import { listenFailure } from '../../settings/help.js';
import type { SettingName } from '../../settings/table.js';
import { type Check, misconfigured } from './report.js';

const littleSpaceBytes = 1024 ** 3;
const soonMs = 14 * 24 * 3600 * 1000;

const elsewhere = 'name another place with --data-dir / HOLOGEN_DATA_DIR.';
const directoryHints: Record<string, string> = {
  EACCES: `Give it to the user that runs hologen (chown), or ${elsewhere}`,
  EPERM: `Give it to the user that runs hologen (chown), or ${elsewhere}`,
  EROFS: `The file system is mounted read-only: mount a volume there, or ${elsewhere}`,
  ENOTDIR: `There is a file in the way: ${elsewhere}`,
  ENOSPC: `The disk is full: make room, or ${elsewhere}`,
};

/** Proves that the gateway can make files there, or make the directory itself. */
export function dataDirectoryCheck(directory: string): Check {
  return {
    name: `data directory ${directory}`,
    async run() {
      try {
        const existing = await nearestExisting(directory);
        await rmdir(await mkdtemp(join(existing, '.hologen-check-')));
        const { bavail, bsize } = await statfs(existing);
        return bavail * bsize < littleSpaceBytes ? 'less than 1 GiB is free there' : undefined;
      } catch (error) {
        const { code = '', message } = error as NodeJS.ErrnoException;
        throw misconfigured(
          `cannot write there (${code || message})`,
          directoryHints[code] ?? elsewhere,
          error,
        );
      }
    },
  };
}

/** The directory itself or the closest one above it. */
async function nearestExisting(path: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return found || path === dirname(path) ? path : nearestExisting(dirname(path));
}

/** Proves that the port may be listened on; `setting` chooses it. */
export function portCheck(setting: SettingName, host: string, port: number): Check {
  return {
    name: `port ${host}:${port}`,
    async run() {
      const server = createServer();
      try {
        await once(server.listen(port, host), 'listening');
      } catch (error) {
        throw listenFailure(error as NodeJS.ErrnoException, host, port, setting);
      } finally {
        server.close();
      }
      return undefined;
    },
  };
}

/** The operator's certificate and key: readable, of one pair, valid today. */
export function certificateCheck({ tlsCert, tlsKey, clientCa }: DoorSettings): Check {
  return {
    name: 'certificate for clients',
    async run() {
      if (clientCa) await readCertificate(clientCa, 'HOLOGEN_TLS_CLIENT_CA');
      if (!tlsCert && !tlsKey) return undefined;
      if (!tlsCert || !tlsKey)
        throw misconfigured(
          `--tls-${tlsCert ? 'key' : 'cert'} is missing`,
          '--tls-cert and --tls-key belong together: give both or none.',
        );
      const certificate = await readCertificate(tlsCert, '--tls-cert');
      if (!certificate.checkPrivateKey(await readKey(tlsKey)))
        throw misconfigured(
          `the key ${tlsKey} does not belong to the certificate ${tlsCert}`,
          'Take the key that the certificate was requested with; in a file with a chain the server’s own certificate comes first.',
        );
      const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
      const day = (date: Date) => date.toISOString().slice(0, 10);
      if (from.getTime() > Date.now())
        throw misconfigured(`valid only from ${day(from)}`, 'Check the clock of this machine.');
      if (to.getTime() < Date.now())
        throw misconfigured(
          `expired on ${day(to)}`,
          'Renew it; a running gateway reads the files again on SIGHUP.',
        );
      return to.getTime() < Date.now() + soonMs ? `it expires on ${day(to)}` : undefined;
    },
  };
}

async function readCertificate(file: string, setting: string): Promise<X509Certificate> {
  const text = await readSetting(file, setting);
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw misconfigured(
      `${file} is not a certificate in PEM form`,
      `${setting} must name a file that holds -----BEGIN CERTIFICATE-----.`,
      cause,
    );
  }
}

async function readKey(file: string): Promise<KeyObject> {
  const text = await readSetting(file, '--tls-key');
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw misconfigured(
      `${file} is not a private key in PEM form`,
      '--tls-key must name a file that holds -----BEGIN PRIVATE KEY-----, without a passphrase.',
      cause,
    );
  }
}

async function readSetting(file: string, setting: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw misconfigured(
      `${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      `Check ${setting}, and that the user that runs hologen may read the file.`,
      cause,
    );
  }
}

/** The embedded engine has programs for this platform. */
export const embeddedEngineCheck: Check = {
  name: 'embedded engine',
  async run() {
    await findEngineBinaries();
    return undefined;
  },
};
