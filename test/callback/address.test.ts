/** Where the callback endpoint of a remote engine listens, and what dblink is told about it. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { listenAt, type NetworkPlace } from '../../src/callback/address.js';

/** The address listened on, and the parameters for dblink. */
async function listening(changes: Partial<NetworkPlace>): Promise<{ address: string; words: string }> {
  const server = createServer();
  const certificate = { cert: 'unused', key: 'unused' };
  const place = { host: '127.0.0.1', port: 0, certificate, rootCertificate: undefined, ...changes };
  const words = await listenAt(server, place);
  const { address, port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return { address, words: words.replace(String(port), 'PORT') };
}

const ownAddresses = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
  .map(({ address }) => address);

test.each(['127.0.0.1', '127.0.0.9', 'localhost'])('%s is listened on, unencrypted', async (host) => {
  const { address, words } = await listening({ host });
  expect(address).toMatch(host === 'localhost' ? /^(127\.0\.0\.1|::1)$/ : host);
  expect(words).toBe(`host=${host} port=PORT sslmode=disable`);
});

test('an address of this machine is listened on alone, encrypted', async () => {
  for (const host of ownAddresses) {
    const { address, words } = await listening({ host });
    expect(address).toBe(host);
    expect(words).toMatch(/ sslmode=require /);
  }
});

test('for an address that is translated on the way every one of this machine is listened on', async () => {
  // TEST-NET-1: nobody's.
  const { address, words } = await listening({ host: '192.0.2.1' });
  expect(['::', '0.0.0.0']).toContain(address);
  expect(words).toMatch(/^host=192\.0\.2\.1 port=PORT sslmode=require /);
});

test('a root certificate makes the engine verify, whatever its path is called', async () => {
  const { words } = await listening({ host: '192.0.2.1', rootCertificate: "/it's a \\ path" });
  expect(words).toMatch(/ sslmode=verify-full .*sslrootcert='\/it\\'s a \\\\ path'$/);
});

test('a port in use names its setting', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(listening({ port })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: another program listens there (EADDRINUSE); HOLOGEN_CALLBACK_PORT`,
  );
  server.close();
});
