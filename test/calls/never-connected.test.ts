/** A provider that cannot be connected to was never asked: the call has failed at no cost, whatever kept the connection from being made. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { makeCertificateFolder } from '../certificates.js';
import { refusal, startTestGateway } from '../gateway.js';

async function withProvider(server: Server, reason: RegExp): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await using gateway = await startTestGateway(
    { sandbox: 'off', providerUrl: `https://127.0.0.1:${port}/api/v1`, apiKey: 'sk-test' },
    { modelStudio: '', oss: '', sts: '' },
  );
  const client = await gateway.client();
  const error = await refusal(client.query(`SELECT ai_gen('qwen_image_2', '{"prompt": "a lake"}')`));
  expect([error.code, error.message]).toEqual(['08006', expect.stringMatching(reason)]);
  const { rows } = await client.query('SELECT state, price::float, attempts FROM hologen.jobs');
  expect(rows).toEqual([{ state: 'failed', price: 0, attempts: 3 }]);
  server.close();
}

test('a certificate that is not trusted', { timeout: 60_000 }, async () => {
  const folder = await makeCertificateFolder();
  await folder.authority('nobody');
  const [key, cert] = await Promise.all(['key', 'crt'].map((end) => readFile(folder.file(`nobody.${end}`))));
  await withProvider(createTlsServer({ key, cert }), /cannot be reached \(\w*(SELF_SIGNED|VERIFY)\w*\)/);
  await folder.remove();
});

test('a connection that is cut before it is encrypted', { timeout: 60_000 }, async () => {
  const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
  await withProvider(server, /cannot be reached \(ECONNRESET\)/);
});
