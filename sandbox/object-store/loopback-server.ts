/** An HTTP server on the loopback addresses only: 127.0.0.1, and ::1 where the machine has it. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LoopbackServer {
  port: number;
  /** Ends open connections too. */
  close(): Promise<void>;
}

const portTries = 20;

/**
 * Listens on one port of both addresses, because `localhost` resolves to either. Port 0 takes a free one.
 * Requests may take as long as they like: uploads are slow and some tests stall on purpose.
 */
export async function listenOnLoopback(listener: RequestListener, port: number): Promise<LoopbackServer> {
  for (let attempt = 1; ; attempt++) {
    const first = newServer(listener);
    await listen(first, '127.0.0.1', port);
    const chosenPort = (first.address() as AddressInfo).port;
    const second = newServer(listener);
    try {
      await listen(second, '::1', chosenPort);
      return { port: chosenPort, close: () => closeAll([first, second]) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') {
        return { port: chosenPort, close: () => closeAll([first]) };
      }
      await closeAll([first]);
      // Another program has this port on ::1 and would get half of our requests.
      if (port !== 0 || attempt === portTries) throw error;
    }
  }
}

function newServer(listener: RequestListener): Server {
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000, noDelay: true }, listener);
  return server;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function closeAll(servers: Server[]): Promise<void> {
  await Promise.all(
    servers.map((server) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    }),
  );
}
