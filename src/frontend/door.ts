/** The door: everything a client may say before its session starts. TLS, GSS refusal, cancel requests, the startup packet. */
import type { Socket } from 'node:net';
import { type ErrorFields, errorResponse } from '../wire/replies.js';
import { longestStartupPacket, readInitialPacket, tlsHandshakeByte } from '../wire/startup.js';
import { alpnProtocol, type Encryption } from './encryption.js';

export type Visitor =
  | {
      kind: 'session';
      socket: Socket;
      startup: Buffer;
      parameters: Map<string, string> | undefined;
      rest: Buffer;
    }
  | { kind: 'cancel'; socket: Socket; request: Buffer };

/**
 * Listens to a new connection until it is clear what it wants. Undefined: it left, was too slow, or broke the protocol and was told so.
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
 */
export async function welcome(
  raw: Socket,
  encryption: Encryption,
  loginMs: number,
): Promise<Visitor | undefined> {
  const timer = setTimeout(() => raw.destroy(), loginMs);
  try {
    return await listen(raw, encryption);
  } finally {
    clearTimeout(timer);
  }
}

async function listen(raw: Socket, encryption: Encryption): Promise<Visitor | undefined> {
  let socket: Socket | undefined = raw;
  while (socket) {
    const heard = await hear(socket);
    if (!heard) return void socket.end();
    const { packet, buffer } = heard;
    const encrypted = socket !== raw;
    if (packet === 'tls') {
      if (encrypted) return refuse(socket, '08P01', 'invalid length of startup packet');
      socket = await encryptDirectly(socket, buffer, encryption);
    } else if (packet.kind === 'ssl' || packet.kind === 'gss') {
      // Bytes sent before our answer were not encrypted and may come from an attacker (CVE-2021-23214).
      if (buffer.length > packet.bytes)
        return refuse(socket, '08P01', 'received unencrypted data after encryption request');
      const upgrade = packet.kind === 'ssl' && !encrypted;
      socket.write(upgrade ? 'S' : 'N');
      if (upgrade) socket = await encryption.encrypt(socket);
    } else if (packet.kind === 'startup' && encryption.required && !encrypted) {
      return refuse(socket, '28000', 'this gateway accepts only TLS connections with a client certificate');
    } else {
      return visitor(socket, packet, buffer);
    }
  }
  return undefined;
}

/** A TLS handshake without an SSLRequest before it. Undefined: it failed. */
async function encryptDirectly(
  socket: Socket,
  buffer: Buffer,
  encryption: Encryption,
): Promise<Socket | undefined> {
  socket.unshift(buffer);
  const secure = await encryption.encrypt(socket);
  // Without ALPN, clients of other protocols could be tricked into connecting here; PostgreSQL requires it for direct TLS.
  if (secure && secure.alpnProtocol !== alpnProtocol) return void secure.destroy();
  return secure;
}

function visitor(
  socket: Socket,
  packet: Extract<Packet, { kind: 'cancel' | 'startup' }>,
  buffer: Buffer,
): Visitor {
  const [whole, rest] = [buffer.subarray(0, packet.bytes), buffer.subarray(packet.bytes)];
  return packet.kind === 'cancel'
    ? { kind: 'cancel', socket, request: whole }
    : { kind: 'session', socket, startup: whole, parameters: packet.parameters, rest };
}

type Packet = Extract<ReturnType<typeof readInitialPacket>, { bytes: number }>;

/** Reads until one initial packet is complete. The socket stays paused, so that nothing is lost when TLS takes over. */
async function hear(socket: Socket): Promise<{ packet: Packet | 'tls'; buffer: Buffer } | undefined> {
  let buffer: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = await nextChunk(socket);
    if (!chunk) return undefined;
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    if (buffer[0] === tlsHandshakeByte) return { packet: 'tls', buffer };
    const packet = readInitialPacket(buffer);
    if (
      packet.kind === 'malformed' ||
      (packet.kind === 'incomplete' && buffer.length > longestStartupPacket)
    ) {
      return refuse(socket, '08P01', 'invalid length of startup packet');
    }
    if (packet.kind !== 'incomplete') return { packet, buffer };
  }
}

function nextChunk(socket: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const ready = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk) finish(chunk);
    };
    const gone = () => finish(undefined);
    socket.on('readable', ready).once('close', gone).once('end', gone).once('error', gone);
    // The socket may have ended between two calls.
    if (socket.destroyed || socket.readableEnded) gone();
    function finish(chunk: Buffer | undefined): void {
      socket.off('readable', ready).off('close', gone).off('end', gone).off('error', gone);
      resolve(chunk);
    }
  });
}

function refuse(socket: Socket, sqlstate: string, message: string): undefined {
  dismiss(socket, { severity: 'FATAL', sqlstate, message });
}

/** How long a client has to read why it is being disconnected. */
export const lastWordMs = 2_000;

/** Sends a last message. Input is still read and dropped: closing with unread bytes would reset the connection and lose the message. */
export function dismiss(socket: Socket, lastWord: ErrorFields): void {
  const timer = setTimeout(() => socket.destroy(), lastWordMs).unref();
  socket.once('close', () => clearTimeout(timer));
  socket.end(errorResponse(lastWord));
  socket.resume();
}
