/** Opens a raw connection to the engine, over TLS where its URL asks for it. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { SqlError, sqlstate } from '../errors.js';
import { sslRequest } from '../wire/startup.js';
import { type EngineAddress, socketTarget } from './address.js';

const connectTimeoutMs = 10_000;

/** A connected, silent socket. An engine that cannot be reached is a SqlError 08006. */
export async function connectToEngine(address: EngineAddress): Promise<Socket> {
  const socket = connectTcp({ ...socketTarget(address), noDelay: true });
  try {
    await once(socket, 'connect');
    return address.tls ? await upgrade(socket, address.host) : socket;
  } catch (cause) {
    socket.destroy();
    throw new SqlError({
      sqlstate: sqlstate.connectionFailure,
      message: 'the engine behind the gateway cannot be reached',
      hint: 'Try again in a moment; if it lasts, the gateway’s log says why.',
      retryable: true,
      cause,
    });
  }
}

async function upgrade(socket: Socket, host: string): Promise<Socket> {
  socket.write(sslRequest());
  await once(socket, 'readable');
  if (socket.read(1)?.toString() !== 'S') throw new Error('the engine refuses TLS');
  const secure = connectTls({ socket, host, rejectUnauthorized: false });
  await once(secure, 'secureConnect');
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
