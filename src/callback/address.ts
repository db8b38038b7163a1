/** Where the callback endpoint listens, and how dblink reaches it: a private unix socket, or TCP, with TLS unless on this machine. */
import { lookup } from 'node:dns/promises';
import { chown, readFile, rm } from 'node:fs/promises';
import { BlockList, isIP, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { EngineAccount } from '../engine/account.js';
import { socketAnswers } from '../engine/embedded.js';
import { listenFailure } from '../settings/help.js';
import { sslRequest } from '../wire/startup.js';

export interface NetworkPlace {
  /** Name or address under which the engine reaches this gateway. */
  host: string;
  port: number;
  /** Paths of the certificate and key (PEM) that the endpoint shows to an engine on another machine. */
  certificate: { cert: string; key: string };
  /** File on the engine's machine that it verifies the certificate with, or "system". Undefined: it encrypts without verifying. */
  rootCertificate: string | undefined;
}

export type CallbackPlace = { socketDirectory: string; account: EngineAccount | undefined } | NetworkPlace;

const socketPort = 5433;
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Loopback traffic never leaves this machine. */
export function needsEncryption(place: CallbackPlace): place is NetworkPlace {
  return 'host' in place && place.host !== 'localhost' && !isLoopback(place.host);
}

/** Starts the server; returns the connection parameters for dblink. */
export async function listenAt(server: Server, place: CallbackPlace): Promise<string> {
  if ('socketDirectory' in place) return listenOnSocket(server, place);
  const { host, port } = place;
  const address = await addressToBind(host);
  await bound(server, () => server.listen(port, address)).catch((error: NodeJS.ErrnoException) => {
    throw listenFailure(error, address ?? '*', port, 'callbackPort');
  });
  const listening = server.address();
  const actualPort = listening && typeof listening === 'object' ? listening.port : port;
  return `host=${host} port=${actualPort} ${encryptionWords(place)}`;
}

async function listenOnSocket(
  server: Server,
  { socketDirectory, account }: Extract<CallbackPlace, { socketDirectory: string }>,
): Promise<string> {
  const path = `${socketDirectory}/.s.PGSQL.${socketPort}`;
  // A killed gateway leaves its socket file behind; a running one answers on it.
  if (await socketAnswers({ path }))
    throw new Error(`another hologen serves this data directory (it answers on ${path})`);
  await rm(path, { force: true });
  await bound(server, () => server.listen(path));
  if (account) await chown(path, account.uid, account.gid);
  return `host=${socketDirectory} port=${socketPort} sslmode=disable`;
}

/**
 * A path where no file can exist. Otherwise libpq looks into the home of the engine's account, fails if it is not readable, and uses what it
 * finds there: it might show the engine's own certificate, or verify ours with another server's authority.
 */
const noFile = '/dev/null/none';

function encryptionWords(place: NetworkPlace): string {
  if (!needsEncryption(place)) return 'sslmode=disable';
  const { rootCertificate } = place;
  const [mode, root] = rootCertificate === undefined ? ['require', noFile] : ['verify-full', rootCertificate];
  return `sslmode=${mode} sslcert=${noFile} sslrootcert='${root.replace(/[\\']/g, '\\$&')}'`;
}

/**
 * The address of this machine that the host resolves to. Undefined: listen on all, because the host is translated on the way, or is only this
 * machine's name for itself (127.0.1.1 on Debian).
 */
async function addressToBind(host: string): Promise<string | undefined> {
  if (host === 'localhost' || isLoopback(host)) return host;
  const address = isIP(host)
    ? host
    : await lookup(host).then(
        (found) => found.address,
        () => undefined,
      );
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  const isOwn = own.some((each) => each.address === address && !each.internal);
  return isOwn ? address : undefined;
}

function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function bound(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    start();
  });
}

/**
 * The server side of TLS, after libpq's SSLRequest; rejects if there is none. The files are read each time, so that a renewed certificate is
 * used at once: every engine process connects only once.
 */
export async function encrypt(socket: Socket, files: NetworkPlace['certificate']): Promise<TLSSocket> {
  const request = await firstBytes(socket, sslRequest().length);
  if (!request.equals(sslRequest())) throw new Error('the engine came without TLS');
  const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)]);
  // Bytes that an attacker sends before the handshake are read as part of it and break it (CVE-2021-23214).
  socket.write('S');
  const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ cert, key }) });
  return new Promise((resolve, reject) => {
    secure
      .once('secure', () => resolve(secure))
      .on('error', reject)
      .once('close', () => reject(new Error('the engine left during the TLS handshake')));
  });
}

function firstBytes(socket: Socket, count: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const bytes: Buffer | null = socket.read(count);
      if (!bytes) return;
      socket.off('readable', look);
      resolve(bytes);
    };
    socket
      .on('readable', look)
      .once('close', () => reject(new Error('the engine left before it said anything')));
  });
}
