/** TLS towards clients, with the operator's certificate or the gateway's own, which is made once and kept in the data directory. */
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';

export interface CertificateFiles {
  cert: string;
  key: string;
}

export interface TlsPolicy {
  minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** File with the authorities that may sign client certificates; undefined: clients are not asked for one. */
  clientCa: string | undefined;
}

export interface Encryption {
  /** Does the server side of a TLS handshake on a paused socket. Undefined: it failed. */
  encrypt(socket: Socket): Promise<TLSSocket | undefined>;
  /** Clients must show a certificate, so unencrypted sessions are refused. */
  required: boolean;
  /** Reads the files again. Throws if they are unusable; the old certificate stays in use. */
  reload(): void;
}

const validForDays = 3650;
/** @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL */
export const alpnProtocol = 'postgresql';
/**
 * PostgreSQL's own maximum (PQ_SEND_BUFFER_SIZE in src/backend/libpq/pqcomm.c). libpq reads this much at once. The rest of a longer record
 * would stay inside OpenSSL, unseen by programs that wait for the socket to become readable: pg_receivewal would hang.
 */
const longestRecordBytes = 8_192;

/** A TLS server that never listens: connections are handed to it once their client has asked for encryption. */
export function openEncryption(files: CertificateFiles, { minVersion, clientCa }: TlsPolicy): Encryption {
  const read = () => ({
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    ca: clientCa ? readFileSync(clientCa) : undefined,
    minVersion,
  });
  const asksClients = { requestCert: clientCa !== undefined, rejectUnauthorized: clientCa !== undefined };
  const server = createServer({ ...read(), ...asksClients, ALPNProtocols: [alpnProtocol] });
  const waiting = new Map<string, (socket: TLSSocket | undefined) => void>();
  const peer = (socket: Socket) => `${socket.remoteAddress} ${socket.remotePort}`;
  server.on('secureConnection', (secure) => {
    secure.setMaxSendFragment(longestRecordBytes);
    waiting.get(peer(secure))?.(secure);
  });
  server.on('tlsClientError', (_error, secure) => secure.destroy());
  return {
    encrypt: (socket) =>
      new Promise((resolve) => {
        const key = peer(socket);
        const halfOpen = socket.allowHalfOpen;
        const finish = (secure: TLSSocket | undefined) => {
          waiting.delete(key);
          secure?.on('error', () => secure.destroy());
          if (secure) secure.allowHalfOpen = halfOpen;
          resolve(secure);
        };
        waiting.set(key, finish);
        socket.once('close', () => waiting.get(key) === finish && finish(undefined));
        // A half-closed handshake is useless. The TLS socket inherits this option from the one below it.
        socket.allowHalfOpen = false;
        // Node documents this event as the way to pass an existing connection to a TLS server.
        server.emit('connection', socket);
      }),
    required: clientCa !== undefined,
    reload: () => server.setSecureContext(read()),
  };
}

/** The files of the gateway's own certificate below `dataDirectory`; creates them if there are none. */
export async function ensureOwnCertificate(dataDirectory: string): Promise<CertificateFiles> {
  const folder = join(dataDirectory, 'tls');
  const files = { cert: join(folder, 'server.crt'), key: join(folder, 'server.key') };
  const present = await readFile(files.key).catch(() => undefined);
  // An empty file means that the gateway was killed while writing it.
  if (present?.length) return files;
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
