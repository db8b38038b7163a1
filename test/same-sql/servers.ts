/** The two ways to one engine: its own socket, and the gateway; a bare pipe in front of the socket for drivers that know only TCP. */
import { type AddressInfo, connect, createServer } from 'node:net';
import pg from 'pg';
import type { TestGateway } from '../gateway.js';
import type { Server } from './replay.js';

export function gatewayServer({ url }: TestGateway): Server {
  const { hostname, port } = new URL(url);
  return { at: { host: hostname, port: Number(port) }, url };
}

export async function directServer({ url }: TestGateway): Promise<Server & { at: { path: string } }> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query('SHOW unix_socket_directories');
  await client.end();
  return { at: { path: `${rows[0].unix_socket_directories}/.s.PGSQL.5432` }, url };
}

/** A TCP port whose bytes are the engine's own. */
export async function pipeToEngine(gateway: TestGateway) {
  const { at } = await directServer(gateway);
  const server = createServer((client) => {
    const engine = connect(at);
    client.pipe(engine).pipe(client);
    client.on('error', () => engine.destroy());
    engine.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(gateway.url);
  url.port = String((server.address() as AddressInfo).port);
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: url.href, close, [Symbol.asyncDispose]: close };
}
