/** From a path to its answer: the page's files, signing in, media, and the questions of routes.ts, each behind what must hold for it. */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { Logger } from 'pino';
import type { About } from './answers.js';
import {
  asRefusal,
  limitBody,
  pageHeaders,
  Refusal,
  readJson,
  requiredText,
  requireLoopbackHost,
  requireOwnOrigin,
} from './exchange.js';
import type { KnownBrowsers } from './known-browsers.js';
import type { Media } from './media.js';
import type { ConsoleContext, Passage } from './passage.js';
import { isLostLogin, problemOf, statusOf } from './problems.js';
import { type Route, routes } from './routes.js';
import { sameToken } from './same-token.js';
import type { Sessions } from './sessions.js';
import type { SignedAddresses } from './signed-addresses.js';
import type { Tickets } from './tickets.js';

export interface Parts {
  /** The session's cookie; its name is known when the port is. */
  cookie: { name: string; secure: boolean };
  sessions: Sessions;
  browsers: KnownBrowsers;
  tickets: Tickets;
  addresses: SignedAddresses;
  media: Media;
  staticFiles: MiddlewareHandler;
  /** It listens where only this machine can reach it. */
  onLoopback: boolean;
  about: About;
  /** The front door's port, and the gateway's own database there. */
  door: { port: number; database: string };
  log: Logger;
}

export function createApp(parts: Parts): Hono<Passage> {
  const app = new Hono<Passage>();
  app.use(async (context, next) => {
    if (parts.onLoopback) requireLoopbackHost(context);
    await next();
  });
  app.get('*', parts.staticFiles);
  app.post('*', async (context, next) => {
    requireOwnOrigin(context);
    return limitBody(context, next);
  });
  app.get('/api/about', (context) => json(context, parts.about));
  app.post('/api/session', (context) => signIn(context, parts));
  app.get('/api/session', (context) => json(context, sessionOf(context, parts)?.who ?? null));
  app.use(async (context, next) => {
    const session = sessionOf(context, parts);
    const known = /^\/(api|media)\//.test(context.req.path);
    if (!session) throw new Refusal(known ? 401 : 404, { message: 'sign in first' });
    context.set('session', session);
    await next();
  });
  app.get('/media/*', (context) => parts.media.serve(context));
  app.post('*', requireToken);
  app.post('/api/sign-out', (context) => signOut(context, parts));
  for (const [what, route] of Object.entries(routes)) {
    const [method = '', path = ''] = what.split(' ');
    app.on(method, path, (context) => ask(route, context, parts));
  }
  app.all('*', () => {
    throw new Refusal(404, { message: 'there is nothing here' });
  });
  app.onError((error, context) => refuse(context, asRefusal(error), parts.log));
  return app;
}

function sessionOf(context: ConsoleContext, { sessions, cookie }: Parts) {
  return sessions.find(getCookie(context, cookie.name));
}

/** What changes something comes with the token that the page was given when it signed in. */
async function requireToken(context: ConsoleContext, next: () => Promise<void>): Promise<void> {
  if (!sameToken(context.req.header('x-csrf-token'), context.get('session').who.csrfToken))
    throw new Refusal(403, { message: 'this request does not come from the console’s own page' });
  await next();
}

const knownForSeconds = 90 * 86_400;

async function signIn(context: ConsoleContext, parts: Parts): Promise<Response> {
  const { sessions, browsers, cookie } = parts;
  const body = await readJson(context);
  if ('ticket' in body) return signInWithTicket(requiredText(body, 'ticket'), context, parts);
  const role = requiredText(body, 'role');
  const knownName = `${cookie.name}_known`;
  const knownBrowser = browsers.browserOf(getCookie(context, knownName), role);
  const from = context.env.incoming.socket.remoteAddress ?? '';
  const session = await sessions.signIn({ role, from, knownBrowser }, requiredText(body, 'password'));
  setOwnCookie(context, parts, cookie.name, session.id);
  setOwnCookie(context, parts, knownName, browsers.proofFor(role), knownForSeconds);
  return json(context, session.who);
}

async function signInWithTicket(ticket: string, context: ConsoleContext, parts: Parts): Promise<Response> {
  if (!parts.tickets.take(ticket))
    throw new Refusal(401, {
      message: 'this address was used already, or is too old',
      hint: 'hologen open makes another; or sign in with a role and its password.',
    });
  const session = await parts.sessions.signInOwner();
  setOwnCookie(context, parts, parts.cookie.name, session.id);
  return json(context, session.who);
}

function signOut(context: ConsoleContext, parts: Parts): Response {
  parts.sessions.signOut(context.get('session'));
  setOwnCookie(context, parts, parts.cookie.name, '', 0);
  return json(context, {});
}

/** Out of reach of scripts and of other sites; without `maxAge` of the browser's session, 0 takes it away. */
function setOwnCookie(
  context: ConsoleContext,
  { cookie }: Parts,
  name: string,
  value: string,
  maxAge?: number,
): void {
  setCookie(context, name, value, {
    ...{ path: '/', httpOnly: true, sameSite: 'Strict', secure: cookie.secure },
    ...(maxAge !== undefined && { maxAge }),
  });
}

async function ask(
  route: Route,
  context: ConsoleContext,
  { addresses, sessions, door }: Parts,
): Promise<Response> {
  const session = context.get('session');
  const body = context.req.method === 'POST' ? await readJson(context) : {};
  const { searchParams: parameters, hostname } = new URL(context.req.url);
  const frontDoor = `${hostname}:${door.port}/${door.database}`;
  try {
    return json(context, await route({ session, parameters, body, addresses, frontDoor }));
  } catch (error) {
    if (isLostLogin(error)) sessions.signOut(session);
    throw error;
  }
}

function json(
  context: ConsoleContext,
  content: unknown,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  const told = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers };
  return context.body(JSON.stringify(content ?? null), status as 200, told);
}

function refuse(context: ConsoleContext, error: unknown, log: Logger): Response {
  const { outgoing } = context.env;
  // Half an answer cannot be taken back.
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return RESPONSE_ALREADY_SENT;
  }
  const headers = { 'x-content-type-options': pageHeaders['x-content-type-options'] };
  if (error instanceof Refusal)
    return json(context, { problem: error.problem }, error.status, { ...headers, ...error.headers });
  const status = statusOf(error);
  if (status === 500) log.error({ err: error }, 'the console could not answer');
  const problem =
    status === 500 ? { message: 'something went wrong; the gateway’s log says what' } : problemOf(error);
  return json(context, { problem }, status, headers);
}
