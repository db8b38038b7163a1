/** Opens the console as the settings ask: where it listens, and encrypted unless only this machine can reach it. */
import { readFileSync } from 'node:fs';
import type { Configuration } from '../../settings/configuration.js';
import { listenFailure } from '../../settings/help.js';
import { type Console, type ConsoleOptions, startConsole } from './server.js';

const loopback = /^(localhost|127(\.\d+){3}|::1)$/;

export interface ConsoleParts
  extends Pick<
    ConsoleOptions,
    'door' | 'owner' | 'sandbox' | 'storage' | 'dataDirectory' | 'log' | 'privateResults'
  > {
  /** Files (PEM) of the certificate that the front door shows too. */
  certificate: { cert: string; key: string };
}

/** Undefined: there is none. An address that cannot be had is an Error that names the setting. */
export async function openConsole(
  { console: place, door }: Pick<Configuration, 'console' | 'door'>,
  { certificate, ...parts }: ConsoleParts,
): Promise<Console | undefined> {
  const { host, port } = place;
  if (port === undefined) return undefined;
  if (door.clientCa) {
    parts.log.warn('no console: it has no client certificate to show at the front door');
    return undefined;
  }
  const read = () => ({ cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) });
  // Passwords are typed into it: over a network only encrypted.
  const readCertificate = loopback.test(host) ? undefined : read;
  return startConsole({ host, port, readCertificate, ...parts }).catch((error) => {
    throw listenFailure(error, host, port, error.code === 'EADDRNOTAVAIL' ? 'consoleHost' : 'consolePort');
  });
}
