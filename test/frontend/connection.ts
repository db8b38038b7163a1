/** A plain connection over loopback, both ends in this process. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach } from 'vitest';

const opened: { destroy(): void }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.destroy();
});

/** Both ends, connected; the accepted one has read nothing yet. They are closed with the test. */
export async function connection(): Promise<{ accepted: Socket; client: Socket }> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  opened.push({ destroy: () => server.close() });
  const [client, [accepted]] = await Promise.all([
    once(server, 'listening').then(() => connect((server.address() as AddressInfo).port, '127.0.0.1')),
    once(server, 'connection') as Promise<[Socket]>,
  ]);
  opened.push(client, accepted);
  if (client.connecting) await once(client, 'connect');
  return { accepted, client };
}
