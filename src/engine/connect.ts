/** Opens a raw connection to the engine, over TLS if its URL asks for it. */
import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { KnownError } from '../errors.js';
import { sslRequest } from '../wire/startup.js';
import { type EngineAddress, socketTarget } from './address.js';
import { silentMs } from './pool.js';
import { type EngineTls, explainTlsFailure } from './tls.js';

const connectTimeoutMs = 10_000;
/** @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL */
const alpnProtocol = 'postgresql';

/**
 * A connected socket on which nothing was sent yet. With `onread`, unless the connection is encrypted, received bytes go there instead of the
 * stream. Rejects with a KnownError of kind connectionFailure if the engine cannot be reached.
 */
export async function connectToEngine(address: EngineAddress, onread?: OnReadOpts): Promise<Socket> {
  try {
    return await openSocket(address, onread);
  } catch (cause) {
    throw new KnownError({
      kind: 'connectionFailure',
      message: 'the engine behind the gateway cannot be reached',
      hint: 'Try again in a moment; if it lasts, the gateway’s log says why.',
      retryable: true,
      cause,
    });
  }
}

/**
 * The address with sslmode=prefer settled: with TLS from now on, or without. Rejects with the reason if the engine cannot be reached, lacks
 * required TLS, or shows a certificate that is not trusted.
 */
export async function settleEncryption(address: EngineAddress): Promise<EngineAddress> {
  if (!address.tls) return address;
  const socket = await openSocket(address).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.message || cause.code;
    throw new Error(`the engine at ${address.host}:${address.port} cannot be used: ${reason}`, { cause });
  });
  socket.destroy();
  return { ...address, tls: socket instanceof TLSSocket ? { ...address.tls, required: true } : undefined };
}

async function openSocket(address: EngineAddress, onread?: OnReadOpts): Promise<Socket> {
  const direct = onread && !address.tls ? { onread } : {};
  const alive = { noDelay: true, keepAlive: true, keepAliveInitialDelay: silentMs };
  const socket = connectTcp({ ...socketTarget(address), ...alive, ...direct });
  try {
    await once(socket, 'connect');
    return address.tls ? await upgrade(socket, address.host, address.tls) : socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function upgrade(
  socket: Socket,
  host: string,
  { required, direct, options }: EngineTls,
): Promise<Socket> {
  if (!direct) {
    socket.write(sslRequest());
    await once(socket, 'readable');
    const answer: Buffer | null = socket.read(1);
    if (answer?.toString() === 'N' && !required) return socket;
    if (answer?.toString() !== 'S')
      throw new Error('it refuses TLS, which sslmode of the engine URL asks for');
  }
  const negotiation = direct ? { ALPNProtocols: [alpnProtocol] } : {};
  // A server name that is an IP address is not allowed in the handshake (RFC 6066).
  const servername = isIP(host) ? {} : { servername: host };
  const secure = connectTls({ ...options, ...negotiation, ...servername, socket, host });
  try {
    await once(secure, 'secureConnect');
    if (direct && secure.alpnProtocol !== alpnProtocol)
      throw new Error('it does not know sslnegotiation=direct');
  } catch (error) {
    secure.destroy();
    throw explainTlsFailure(error as Error, host);
  }
  return secure;
}

function once(socket: Socket, event: 'connect' | 'secureConnect' | 'readable'): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => finish(new Error(`no ${event} within ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    );
    const succeed = () => finish();
    const closed = () => finish(new Error('connection closed'));
    socket.once(event, succeed).once('error', finish).once('close', closed);
    function finish(error?: Error): void {
      clearTimeout(timer);
      socket.off(event, succeed).off('error', finish).off('close', closed);
      if (error) reject(error);
      else resolve();
    }
  });
}
