/** The console: a web page with its own port, for looking at what was made, what runs, what it costs. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Storage } from '../../storage/storage.js';
import {
  cookieOf,
  type Exchange,
  pageHeaders,
  Refusal,
  readJson,
  requiredText,
  requireOwnOrigin,
  sendJson,
} from './exchange.js';
import { createMedia, type Media } from './media.js';
import { isLostLogin, problemOf, statusOf } from './problems.js';
import { routes } from './routes.js';
import { type ConsoleSession, createSessions, type FrontDoor, type Sessions, sameToken } from './sessions.js';
import { createSignedAddresses, type SignedAddresses } from './signed-addresses.js';
import { loadStaticFiles, type StaticFiles } from './static-files.js';
import { openThumbnails } from './thumbnails.js';

export interface ConsoleOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** PEM, read again when they have changed; undefined: plain HTTP, for loopback. */
  readCertificate: (() => { cert: Buffer; key: Buffer }) | undefined;
  door: FrontDoor;
  storage: Storage;
  dataDirectory: string;
  log: Logger;
}

export interface Console {
  url: string;
  /** Reads the certificate again; a broken one is an error and the old one stays. */
  reloadCertificate(): void;
  close(): Promise<void>;
}

interface Parts {
  secure: boolean;
  cookie: string;
  sessions: Sessions;
  addresses: SignedAddresses;
  media: Media;
  staticFiles: StaticFiles;
  log: Logger;
}

const mostConnections = 512;

export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { readCertificate, storage, log } = options;
  const addresses = createSignedAddresses();
  const thumbnails = await openThumbnails(join(options.dataDirectory, 'thumbnails'));
  const sessions = createSessions(options.door);
  const media = createMedia({ storage, addresses, thumbnails });
  const parts: Parts = {
    secure: readCertificate !== undefined,
    cookie: '',
    sessions,
    addresses,
    media,
    staticFiles: await loadStaticFiles(),
    log,
  };
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void answer(request, response, parts);
  const limits = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 20_000 };
  const secureServer = readCertificate && createHttpsServer({ ...readCertificate(), ...limits }, listener);
  const server = secureServer ?? createHttpServer(limits, listener);
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  // Cookies do not know ports: two consoles of one host must not take each other's.
  parts.cookie = `hologen_console_${port}`;
  const host = ['0.0.0.0', '::'].includes(options.host) ? 'localhost' : options.host;
  return {
    url: `${secureServer ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}/`,
    reloadCertificate: () => readCertificate && secureServer?.setSecureContext(readCertificate()),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, sessions.close(), media.close()]);
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  try {
    if (!URL.canParse(request.url ?? '', 'http://console')) throw new Refusal(400, { message: 'not a path' });
    await route({ request, response, url: new URL(request.url ?? '', 'http://console') }, parts);
  } catch (error) {
    refuse(response, error, parts.log);
  }
}

async function route(exchange: Exchange, parts: Parts): Promise<void> {
  const { request, response, url } = exchange;
  const { method } = request;
  const reads = method === 'GET' || method === 'HEAD';
  if (reads && parts.staticFiles(exchange)) return;
  if (method === 'POST') requireOwnOrigin(request);
  const what = `${method} ${url.pathname}`;
  if (what === 'POST /api/session') return signIn(exchange, parts);

  const session = parts.sessions.find(cookieOf(request, parts.cookie));
  if (what === 'GET /api/session') return sendJson(response, 200, session?.who ?? null);
  if (!session)
    throw new Refusal(/^\/(api|media)\//.test(url.pathname) ? 401 : 404, { message: 'sign in first' });
  if (reads && url.pathname.startsWith('/media/')) return parts.media.serve(exchange, session);
  if (method === 'POST' && !sameToken(request.headers['x-csrf-token'], session.who.csrfToken)) {
    throw new Refusal(403, { message: 'this request does not come from the console’s own page' });
  }
  if (what === 'POST /api/sign-out') {
    parts.sessions.signOut(session);
    return sendJson(response, 200, {}, { 'set-cookie': cookieHeader(parts, '', 0) });
  }
  await askRoute(what, session, exchange, parts);
}

async function askRoute(
  what: string,
  session: ConsoleSession,
  { request, response, url }: Exchange,
  { addresses, sessions }: Parts,
): Promise<void> {
  const asked = Object.hasOwn(routes, what) ? routes[what] : undefined;
  if (!asked) throw new Refusal(404, { message: 'there is nothing here' });
  const body = request.method === 'POST' ? await readJson(request) : {};
  try {
    sendJson(response, 200, await asked({ session, parameters: url.searchParams, body, addresses }));
  } catch (error) {
    if (isLostLogin(error)) sessions.signOut(session);
    throw error;
  }
}

async function signIn({ request, response }: Exchange, parts: Parts): Promise<void> {
  const body = await readJson(request);
  const session = await parts.sessions.signIn(
    requiredText(body, 'role'),
    requiredText(body, 'password'),
    request.socket.remoteAddress ?? '',
  );
  sendJson(response, 200, session.who, { 'set-cookie': cookieHeader(parts, session.id) });
}

/** A cookie of the browser's session; `maxAgeSeconds` 0 takes it away. */
function cookieHeader({ cookie, secure }: Parts, value: string, maxAgeSeconds?: number): string {
  const parts = [`${cookie}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Strict'];
  if (secure) parts.push('Secure');
  if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${maxAgeSeconds}`);
  return parts.join('; ');
}

function refuse(response: ServerResponse, error: unknown, log: Logger): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const headers = { 'x-content-type-options': pageHeaders['x-content-type-options'] };
  if (error instanceof Refusal) {
    sendJson(response, error.status, { problem: error.problem }, { ...headers, ...error.headers });
    return;
  }
  const problem = problemOf(error);
  const status = statusOf(error);
  if (status === 500) log.error({ err: error }, 'the console could not answer');
  const told = status === 500 ? { message: 'something went wrong; the gateway’s log says what' } : problem;
  sendJson(response, status, { problem: told }, headers);
}
