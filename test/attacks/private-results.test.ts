/** Attack: an answer names a result in the gateway's own network, in whatever notation, and the gateway fetches it. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../src/providers/model-studio/client.js';
import { isPrivate, publicLookup } from '../../src/public-address.js';

const timeouts = { connectMs: 2_000, generateMs: 2_000, lookupMs: 2_000, downloadIdleMs: 2_000 };
const far = createClient({ baseUrl: 'https://dashscope.example/api/v1', timeouts });
let connections = 0;
const server = createServer(() => {
  connections += 1;
});
let port: number;
beforeAll(async () => {
  server.listen(0);
  await once(server, 'listening');
  port = (server.address() as { port: number }).port;
});
afterAll(async () => {
  server.close();
  await far.close();
});

const hosts = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f.1',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '0.0.0.0',
  '10.0.0.1',
  '100.100.100.200',
  '169.254.169.254',
  '172.16.0.1',
  '192.168.1.1',
  '[fe80::1]',
  '[fd00::1]',
  'localhost',
];

describe('a provider far away', () => {
  test.each(hosts)('names a result at %s: nothing is fetched there', async (host) => {
    const refused = far.download(`https://${host}:${port}/secret`, new AbortController().signal);
    await expect(refused).rejects.toMatchObject({
      kind: 'providerFailure',
      message: expect.stringContaining('in a private network'),
    });
    expect(connections).toBe(0);
  });

  test('public addresses are none of these', () => {
    for (const address of ['8.8.8.8', '47.74.1.1', '2400:3200::1', '100.128.0.1', '172.32.0.1'])
      expect(isPrivate(address)).toBe(false);
  });

  test('a name that leads into a private network is refused when it is resolved', async () => {
    const error = await new Promise((resolve) => publicLookup('localhost', {}, resolve));
    expect(String(error)).toContain('localhost leads to');
  });
});
