/** A PostgreSQL client of single frames, for what no driver does: odd packets, odd order, one byte at a time. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export interface Frame {
  type: string;
  body: Buffer;
}

export interface RawClient {
  socket: Socket;
  write(...pieces: Buffer[]): void;
  /** The next frame, or undefined when the server closed the connection. */
  frame(): Promise<Frame | undefined>;
  /** Frames up to and with the first of this type; fails when the connection ends before. */
  until(type: string): Promise<Frame[]>;
  /** The next bytes outside of frames: the answer to SSLRequest. */
  bytes(count: number): Promise<Buffer>;
  /** Resolves with all that still came when the server has closed the connection. */
  closed(): Promise<Buffer>;
  close(): void;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function int16(value: number): Buffer {
  return int32(value).subarray(2);
}

export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

export function frame(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

/** A packet without a type byte: startup, SSLRequest, GSSENCRequest, CancelRequest. */
export function packet(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length + 4), body]);
}

export const sslRequest = packet(int32(80_877_103));
export const gssRequest = packet(int32(80_877_104));
export const query = (sql: string) => frame('Q', text(sql));
export const parse = (name: string, sql: string, types: number[] = []) =>
  frame('P', text(name), text(sql), int16(types.length), ...types.map(int32));
export const describe = (kind: 'S' | 'P', name: string) => frame('D', Buffer.from(kind), text(name));
export const close = (kind: 'S' | 'P', name: string) => frame('C', Buffer.from(kind), text(name));
export const execute = (portal: string, rows = 0) => frame('E', text(portal), int32(rows));
export const sync = frame('S');
export const flush = frame('H');
export const copyData = (data: string) => frame('d', Buffer.from(data));
export const copyDone = frame('c');
export const terminate = frame('X');

export function bind(portal: string, statement: string, values: string[] = []): Buffer {
  const bound = values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)]);
  return frame('B', text(portal), text(statement), int16(0), int16(values.length), ...bound, int16(0));
}

export function startup(parameters: Record<string, string>, version = 3 << 16): Buffer {
  const words = Object.entries(parameters).flatMap(([name, value]) => [text(name), text(value)]);
  return packet(int32(version), ...words, Buffer.alloc(1));
}

/** CancelRequest with the body of a BackendKeyData. */
export const cancelRequest = (key: Buffer) => packet(int32(80_877_102), key);

/** The fields of an ErrorResponse by their letter. */
export function fields({ body }: Frame): Record<string, string> {
  const parts = body.toString('utf8').split('\0').filter(Boolean);
  return Object.fromEntries(parts.map((part) => [part[0], part.slice(1)]));
}

/** Types of frames as one word, e.g. `T D C Z`. */
export const types = (frames: Frame[]) => frames.map(({ type }) => type).join(' ');

/** The columns of a DataRow as text. */
export function row({ body }: Frame): (string | null)[] {
  let at = 2;
  return Array.from({ length: body.readUInt16BE(0) }, () => {
    const length = body.readInt32BE(at);
    at += 4 + Math.max(length, 0);
    return length < 0 ? null : body.toString('utf8', at - length, at);
  });
}

/** The rows of an answer, and its tags. */
export const rows = (frames: Frame[]) => frames.filter(({ type }) => type === 'D').map(row);
export const tags = (frames: Frame[]) =>
  frames.filter(({ type }) => type === 'C').map(({ body }) => body.toString('latin1', 0, body.length - 1));

/** A session of the user that the URL names. */
export async function session(url: string): Promise<RawClient> {
  const client = await connectRaw(url);
  await login(client, url);
  return client;
}

export async function connectRaw(target: string | { host: string; port: number }): Promise<RawClient> {
  const { host, port } =
    typeof target === 'string'
      ? { host: new URL(target).hostname, port: Number(new URL(target).port) }
      : target;
  const socket = connect({ host, port, noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return rawClient(socket);
}

export function rawClient(socket: Socket): RawClient {
  let buffer: Buffer = Buffer.alloc(0);
  let over = false;
  let wake = () => {};
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    wake();
  });
  socket.on('close', () => {
    over = true;
    wake();
  });

  async function take(count: number): Promise<Buffer | undefined> {
    while (buffer.length < count) {
      if (over) return undefined;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const taken = buffer.subarray(0, count);
    buffer = buffer.subarray(count);
    return taken;
  }

  const client: RawClient = {
    socket,
    write(...pieces) {
      socket.write(Buffer.concat(pieces));
    },
    async frame() {
      const header = await take(5);
      if (!header) return undefined;
      const body = await take(header.readUInt32BE(1) - 4);
      return body && { type: header.toString('latin1', 0, 1), body };
    },
    async until(type) {
      const frames: Frame[] = [];
      for (;;) {
        const next = await client.frame();
        if (!next) throw new Error(`the connection ended after ${types(frames)}, before ${type}`);
        frames.push(next);
        if (next.type === type) return frames;
      }
    },
    async bytes(count) {
      const taken = await take(count);
      if (!taken) throw new Error('the connection ended');
      return taken;
    },
    async closed() {
      while (!over) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return buffer;
    },
    close: () => socket.destroy(),
  };
  return client;
}

export interface LoginOptions {
  version?: number;
  parameters?: Record<string, string>;
}

/** Startup and SCRAM-SHA-256 as the URL says; the frames behind AuthenticationOk up to ReadyForQuery. */
export async function login(client: RawClient, url: string, options: LoginOptions = {}): Promise<Frame[]> {
  const { username, password, pathname } = new URL(url);
  const parameters = { user: username, database: pathname.slice(1), ...options.parameters };
  client.write(startup(parameters, options.version));
  const before = await client.until('R');
  const nonce = randomBytes(18).toString('base64');
  const first = `n=,r=${nonce}`;
  client.write(frame('p', text('SCRAM-SHA-256'), int32(first.length + 3), Buffer.from(`n,,${first}`)));
  const [challenge] = await client.until('R');
  const serverFirst = challenge?.body.toString('utf8', 4) ?? '';
  client.write(frame('p', Buffer.from(scramProof(decodeURIComponent(password), first, serverFirst))));
  await client.until('R');
  return [...before.slice(0, -1), ...(await client.until('Z'))];
}

/** @see https://www.rfc-editor.org/rfc/rfc5802#section-3 */
function scramProof(password: string, clientFirst: string, serverFirst: string): string {
  const {
    r: nonce,
    s: salt,
    i: iterations,
  } = Object.fromEntries(serverFirst.split(',').map((item) => [item[0], item.slice(2)])) as {
    r: string;
    s: string;
    i: string;
  };
  const sign = (key: Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
  const clientKey = sign(salted, 'Client Key');
  const withoutProof = `c=biws,r=${nonce}`;
  const signature = sign(
    createHash('sha256').update(clientKey).digest(),
    `${clientFirst},${serverFirst},${withoutProof}`,
  );
  const proof = clientKey.map((byte, index) => byte ^ (signature[index] as number));
  return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
}
