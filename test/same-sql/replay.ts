/** Plays a file of SQL steps on one connection, in one of the protocol's ways, and notes every frame that comes back. */
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  connectRaw,
  copyDone,
  describe,
  execute,
  type Frame,
  frame,
  int16,
  int32,
  login,
  parse,
  query,
  type RawClient,
  rawClient,
  sync,
  terminate,
  text,
} from '../frontend/raw-client.js';

export interface Step {
  sql: string;
  /** Values for $1 … in text form. */
  values: (string | null)[];
  /** What follows a COPY FROM STDIN: data frames, then CopyDone or CopyFail. */
  copy: Buffer[];
}

export interface Case {
  name: string;
  steps: Step[];
  /** SQLSTATEs of its errors in the simple protocol, from the line `-- Refused with: …`. */
  refused: string[];
}

export const ways = ['simple', 'simple in one go', 'extended in one go', 'binary, row by row'] as const;
export type Way = (typeof ways)[number];

export interface Server {
  /** A TCP address, or the path of a unix socket. */
  at: { host: string; port: number } | { path: string };
  /** User, password and database. */
  url: string;
}

/**
 * Steps are separated by blank lines. Behind the SQL a step may have `\bind [JSON array]`, or lines of COPY data between `\data` and
 * `\.` (`\\.` for a line that is `\.`), `\hex` lines of binary ones; `\fail reason` ends the data with a failure.
 */
export function readCases(folder: string): Case[] {
  const directory = fileURLToPath(new URL(folder, import.meta.url));
  return readdirSync(directory)
    .sort()
    .map((file) => {
      const whole = readFileSync(`${directory}/${file}`, 'utf8');
      const refused = /^-- Refused with: (.*)\n/m.exec(whole)?.[1]?.split(' ') ?? [];
      const steps = whole
        .replace(/^(--.*\n)+\n?/, '')
        .trim()
        .split(/\n{2,}/);
      return { name: file.replace('.sql', ''), steps: steps.map(readStep), refused };
    });
}

function readStep(block: string): Step {
  const lines = block.split('\n');
  const first = lines.findIndex((line) => /^\\(bind|data|hex|fail)/.test(line));
  const behind = first < 0 ? [] : lines.slice(first);
  const values = behind[0]?.startsWith('\\bind') ? JSON.parse(behind[0].slice(6)) : [];
  const sql = (first < 0 ? lines : lines.slice(0, first)).join('\n');
  return { sql, values, copy: behind[0]?.startsWith('\\bind') ? [] : behind.flatMap(copyFrame) };
}

function copyFrame(line: string): Buffer[] {
  if (line === '\\data') return [];
  if (line === '\\.') return [copyDone];
  if (line.startsWith('\\fail ')) return [frame('f', text(line.slice(6)))];
  if (line.startsWith('\\hex ')) return [frame('d', Buffer.from(line.slice(5).replaceAll(' ', ''), 'hex'))];
  return [frame('d', Buffer.from(`${line.replace(/^\\\\\.$/, '\\.')}\n`))];
}

export async function openRaw(server: Server, parameters: Record<string, string> = {}) {
  const client = await ('path' in server.at
    ? new Promise<RawClient>((resolve, reject) => {
        const socket = connect(server.at as { path: string });
        socket.once('connect', () => resolve(rawClient(socket))).once('error', reject);
      })
    : connectRaw(server.at));
  const greeting = await login(client, server.url, { parameters });
  return { client, greeting };
}

/** All frames behind the login, in words that compare: object ids by first appearance, no process ids. */
export async function replay(server: Server, { steps }: Case, way: Way): Promise<string[]> {
  const { client } = await openRaw(server, { search_path: 'play, public, hologen', TimeZone: 'UTC' });
  try {
    const frames = await players[way](client, steps);
    const ids = new Map<number, number>();
    return frames.map((each) => describeFrame(each, ids));
  } finally {
    client.close();
  }
}

const players: Record<Way, (client: RawClient, steps: Step[]) => Promise<Frame[]>> = {
  simple: (client, steps) =>
    inTurn(steps, async (step) => {
      client.write(query(step.sql));
      return untilReady(client, step);
    }),
  'simple in one go': (client, steps) => {
    client.write(...steps.flatMap(({ sql, copy }) => [query(sql), ...copy]), terminate);
    return untilClosed(client);
  },
  'extended in one go': (client, steps) => {
    const all = steps.flatMap((step) => [
      ...[parse('', step.sql), describe('S', ''), bindNullable(step.values, 0), describe('P', '')],
      ...[execute(''), sync],
      // As libpq does it: the Sync behind Execute is ignored while data is awaited, so another follows the data.
      ...(step.copy.length > 0 ? [...step.copy, sync] : []),
    ]);
    client.write(...all, terminate);
    return untilClosed(client);
  },
  'binary, row by row': (client, steps) => inTurn(steps, (step) => oneByOne(client, step)),
};

const flush = frame('H');

/** Parse, Bind with binary results, two rows, then the rest of the portal, then Sync. */
async function oneByOne(client: RawClient, step: Step): Promise<Frame[]> {
  const begin = [parse('', step.sql), bindNullable(step.values, 1), describe('P', '')];
  client.write(...begin, execute('', 2), flush);
  const frames: Frame[] = [];
  for (;;) {
    const next = await client.frame();
    if (!next) return frames;
    frames.push(next);
    if (next.type === 's') client.write(execute(''), flush);
    if (next.type === 'G') client.write(...step.copy, flush);
    if ('CIE'.includes(next.type)) client.write(sync);
    if (next.type === 'Z') return frames;
  }
}

async function inTurn(steps: Step[], play: (step: Step) => Promise<Frame[]>) {
  const frames: Frame[] = [];
  for (const step of steps) frames.push(...(await play(step)));
  return frames;
}

async function untilReady(client: RawClient, step: Step): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (;;) {
    const next = await client.frame();
    if (!next) return frames;
    frames.push(next);
    if (next.type === 'G') client.write(...step.copy);
    if (next.type === 'Z') return frames;
  }
}

export async function untilClosed(client: RawClient): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (let next = await client.frame(); next; next = await client.frame()) frames.push(next);
  return frames;
}

/** Bind of the unnamed portal and statement; `results` 1: binary. */
function bindNullable(values: (string | null)[], results: 0 | 1): Buffer {
  const bound = values.flatMap((value) =>
    value === null ? [int32(0xffffffff)] : [int32(Buffer.byteLength(value)), Buffer.from(value)],
  );
  return frame('B', text(''), text(''), int16(0), int16(values.length), ...bound, int16(1), int16(results));
}

/** Ids below are the same in every cluster of a version. */
const firstNormalObjectId = 16_384;

export function describeFrame({ type, body }: Frame, ids = new Map<number, number>()): string {
  const bytes = Buffer.from(body);
  const rename = (at: number) => {
    const id = bytes.readUInt32BE(at);
    if (id < firstNormalObjectId) return;
    if (!ids.has(id)) ids.set(id, firstNormalObjectId + ids.size);
    bytes.writeUInt32BE(ids.get(id) as number, at);
  };
  // NotificationResponse opens with the process id of who notified.
  if (type === 'A') bytes.writeUInt32BE(0, 0);
  if (type === 't') for (let at = 2; at < bytes.length; at += 4) rename(at);
  if (type === 'T') {
    for (let at = 2; at < bytes.length; at += 18) {
      at = bytes.indexOf(0, at) + 1;
      rename(at);
      rename(at + 6);
    }
  }
  return `${type} ${JSON.stringify(bytes.toString('latin1'))}`;
}

/** The SQLSTATEs of the errors among described frames. */
export const sqlstates = (frames: string[]) =>
  frames.filter((each) => each.startsWith('E ')).map((each) => /\\u0000C(\w{5})/.exec(each)?.[1]);
