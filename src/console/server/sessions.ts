/** Who is signed in to the console. A password lives only in the memory of its session; every query runs as that role, through the front door. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { boundedSocket } from '../../bounded-socket.js';
import type { WhoAmI } from './answers.js';
import { Refusal } from './exchange.js';
import { asksRights } from './queries.js';
import { closeRun, type RunSlot } from './runs.js';
import { type Attempt, createSignInPace, type SignInPace } from './sign-in-pace.js';

/** Where the gateway's own front door is. */
export interface FrontDoor {
  host: string;
  port: number;
  /** The gateway's own database, which has the catalogue and the jobs. */
  database: string;
}

export interface Account {
  role: string;
  password: string;
}

export interface ConsoleSession {
  id: string;
  who: WhoAmI;
  pool: pg.Pool;
  /** A connection of its own, as the same role and with the same rights. */
  newClient(): pg.Client;
  run: RunSlot;
}

export interface Sessions {
  signIn(attempt: Attempt, password: string): Promise<ConsoleSession>;
  /** For whoever has shown a ticket. */
  signInOwner(): Promise<ConsoleSession>;
  find(id: string | undefined): ConsoleSession | undefined;
  signOut(session: ConsoleSession): void;
  close(): Promise<void>;
}

const idleMs = 60 * 60_000;
const longestMs = 12 * 3_600_000;
const mostSessions = 200;
/** One login must not keep all others out. */
const mostOfOneRole = 20;
const sweepMs = 60_000;
const connectionsOfOne = 3;
/** A page's question that takes longer is given up; statements of *Try* have no limit of ours. */
const questionTimeoutMs = 30_000;
const connectTimeoutMs = 15_000;
/** Too many clients, the engine is starting or stopping: not the visitor's fault. */
const notNow = /^(53|57P|08)/;

interface Entry {
  session: ConsoleSession;
  openedAt: number;
  seenAt: number;
}

export function createSessions(
  door: FrontDoor,
  { owner }: { owner: Account },
  now: () => number = Date.now,
): Sessions {
  const entries = new Map<string, Entry>();
  const pace = createSignInPace(now);
  const open = (role: string, password: string) => openSession({ door, role, password });
  const sweep = setInterval(() => {
    for (const { session } of entries.values()) find(session.id, false);
  }, sweepMs);
  sweep.unref();

  function find(id: string | undefined, seen = true): ConsoleSession | undefined {
    const entry = id === undefined ? undefined : entries.get(id);
    if (!entry) return undefined;
    if (now() - entry.seenAt > idleMs || now() - entry.openedAt > longestMs) {
      void end(entry.session);
      return undefined;
    }
    if (seen) entry.seenAt = now();
    return entry.session;
  }

  async function end(session: ConsoleSession): Promise<void> {
    if (!entries.delete(session.id)) return;
    closeRun(session.run);
    await session.pool.end();
  }

  function keep(session: ConsoleSession): ConsoleSession {
    for (const tooMany of beyondLimit(session.who.role, entries)) void end(tooMany);
    entries.set(session.id, { session, openedAt: now(), seenAt: now() });
    return session;
  }

  return {
    async signIn(attempt, password) {
      requireRoom(entries.size);
      return keep(await paced(pace, attempt, () => open(attempt.role, password)));
    },
    async signInOwner() {
      requireRoom(entries.size);
      return keep(await open(owner.role, owner.password));
    },
    find,
    signOut: (session) => void end(session),
    async close() {
      clearInterval(sweep);
      await Promise.allSettled([...entries.values()].map(({ session }) => end(session)));
    },
  };
}

function requireRoom(signedIn: number): void {
  if (signedIn >= mostSessions)
    throw new Refusal(503, { message: 'too many people are signed in to this console' });
}

async function paced<T>(pace: SignInPace, attempt: Attempt, open: () => Promise<T>): Promise<T> {
  refuseHaste(pace, attempt);
  // Counted before the answer is known: many attempts at once must not all be free.
  pace.failed(attempt);
  const opened = await open().catch((error: unknown) => {
    if (!(error instanceof Refusal && error.status === 401)) pace.undecided(attempt);
    throw error;
  });
  pace.succeeded(attempt);
  return opened;
}

function refuseHaste(pace: SignInPace, attempt: Attempt): void {
  const waitMs = pace.waitMs(attempt);
  if (waitMs <= 0) return;
  const seconds = Math.ceil(waitMs / 1000);
  const problem = { message: `too many failed attempts; try again in ${seconds} s` };
  throw new Refusal(429, problem, { 'retry-after': String(seconds) });
}

/** The sessions that end when one more of the role begins: those that were not seen for longest. */
function beyondLimit(role: string, entries: Map<string, Entry>): ConsoleSession[] {
  const own = [...entries.values()].filter(({ session }) => session.who.role === role);
  const newestFirst = own.sort((a, b) => b.seenAt - a.seenAt);
  return newestFirst.slice(mostOfOneRole - 1).map(({ session }) => session);
}

/** The role proves itself to the engine; whoever does not administer hologen gets connections that only read. */
async function openSession({ door, role, password }: Account & { door: FrontDoor }): Promise<ConsoleSession> {
  const account: pg.ClientConfig = {
    ...door,
    user: role,
    password,
    ssl: false,
    stream: boundedSocket,
    application_name: 'hologen console',
    connectionTimeoutMillis: connectTimeoutMs,
  };
  const rights = await provedRights(account);
  const readOnly = rights.administers ? '' : '-c default_transaction_read_only=on';
  const pool = new pg.Pool({
    ...account,
    // As the gateway's own connections: nothing that somebody has planted runs as who is signed in.
    options: `${readOnly} -c search_path=pg_catalog,pg_temp -c statement_timeout=${questionTimeoutMs}`.trim(),
    max: connectionsOfOne,
    idleTimeoutMillis: 30_000,
  });
  // A broken idle connection is replaced at the next use.
  pool.on('error', () => {});
  return {
    id: randomBytes(32).toString('base64url'),
    who: {
      ...{ role, ...rights, database: door.database },
      csrfToken: randomBytes(32).toString('base64url'),
    },
    pool,
    newClient: () => new pg.Client({ ...account, options: readOnly || undefined }),
    run: { current: undefined },
  };
}

type Rights = Pick<WhoAmI, 'administers' | 'calls' | 'seesOthers'>;

async function provedRights(account: pg.ClientConfig): Promise<Rights> {
  const client = new pg.Client(account);
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<Rights>(asksRights);
    return rows[0] ?? { administers: false, calls: false, seesOthers: false };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    // The engine's own words tell a stranger which roles exist; one sentence does for all.
    if (code && !notNow.test(code) && !code.startsWith('E')) {
      throw new Refusal(401, { message: 'role or password is wrong, or the role may not sign in' });
    }
    throw new Refusal(503, { message: `the engine cannot be asked now: ${message}` });
  } finally {
    await client.end().catch(() => {});
  }
}
