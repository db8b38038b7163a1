/**
 * The console: a web page with its own port, for looking at what was made, what runs, what it costs.
 *
 * Room: src/console/server holds what answers the page: sessions, questions to the engine, media. The page itself is in src/console/page.
 */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import type { Logger } from 'pino';
import { keptSecret } from '../../kept-secret.js';
import type { Storage } from '../../storage/storage.js';
import { createApp } from './app.js';
import { createKnownBrowsers } from './known-browsers.js';
import { createMedia } from './media.js';
import { type Account, createSessions, type FrontDoor } from './sessions.js';
import { createSignedAddresses } from './signed-addresses.js';
import { loadStaticFiles } from './static-files.js';
import { openThumbnails } from './thumbnails.js';
import { createTickets, newTicketKey } from './tickets.js';

export interface ConsoleOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** PEM, read again when they have changed; undefined: plain HTTP, for loopback. */
  readCertificate: (() => { cert: Buffer; key: Buffer }) | undefined;
  door: FrontDoor;
  /** Whoever shows a ticket is signed in as this role. */
  owner: Account;
  /** A stand-in takes the cloud's place. */
  sandbox: boolean;
  storage: Storage;
  dataDirectory: string;
  log: Logger;
  /** The provider is on this machine, and so may be what its answers name. */
  privateResults: boolean;
}

export interface Console {
  url: string;
  /** Makes addresses that sign in, see signInAddress. */
  ticketKey: string;
  /** Reads the certificate again; a broken one is an error and the old one stays. */
  reloadCertificate(): void;
  close(): Promise<void>;
}

const mostConnections = 512;

export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { readCertificate, storage, log, door } = options;
  const addresses = createSignedAddresses();
  const thumbnails = await openThumbnails(join(options.dataDirectory, 'thumbnails'));
  const sessions = createSessions(door, options);
  const ticketKey = newTicketKey();
  const tickets = createTickets(ticketKey);
  const browsers = createKnownBrowsers(await keptSecret(options.dataDirectory, 'console-browsers'));
  const media = createMedia({ storage, addresses, thumbnails, privateResults: options.privateResults });
  const staticFiles = await loadStaticFiles();
  // Cookies do not know ports: two consoles of one host must not take each other's.
  const cookie = { name: '', secure: readCertificate !== undefined };
  const onLoopback = readCertificate === undefined;
  const about = { sandbox: options.sandbox };
  const kept = { cookie, sessions, browsers, tickets, addresses, media };
  const parts = { ...kept, staticFiles, onLoopback, about, door, log };
  const app = createApp(parts);
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const listener: RequestListener = (request, response) => void answer(request, response);
  const limits = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 20_000 };
  const secureServer = readCertificate && createHttpsServer({ ...readCertificate(), ...limits }, listener);
  const server = secureServer ?? createHttpServer(limits, listener);
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  cookie.name = `hologen_console_${port}`;
  const host = ['0.0.0.0', '::'].includes(options.host) ? 'localhost' : options.host;
  return {
    url: `${secureServer ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}/`,
    ticketKey,
    reloadCertificate: () => readCertificate && secureServer?.setSecureContext(readCertificate()),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, sessions.close(), media.close()]);
    },
  };
}
