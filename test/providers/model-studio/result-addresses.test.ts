/** Where the provider says that a result lies: its own host with http is asked over https, anything else that is not https is an error that says so. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import { Agent, buildConnector } from 'undici';
import { expect, test } from 'vitest';
import type { Connection } from '../../../src/providers/model-studio/connection.js';
import { download } from '../../../src/providers/model-studio/download.js';

const base = 'https://dashscope.aliyuncs.com/api/v1';
const never = new AbortController().signal;

/** Every name leads to a server on this machine, over TLS. */
async function startResultHost() {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'result host' }]);
  const server = createServer({ key, cert }, (request, response) =>
    response.end(`${request.headers.host}${request.url}`),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connect = buildConnector({ rejectUnauthorized: false });
  const { port } = server.address() as AddressInfo;
  const downloads = new Agent({
    connect: (options, callback) =>
      connect({ ...options, hostname: '127.0.0.1', port: String(port) }, callback),
  });
  return {
    // All that a download reads of it.
    connection: { downloads, base } as unknown as Connection,
    async close() {
      await downloads.close();
      server.close();
    },
  };
}

test('http at a host of the provider’s own is fetched over https', async () => {
  const host = await startResultHost();
  try {
    for (const name of ['dashscope-result-bj.oss-cn-beijing.aliyuncs.com', 'dashscope.aliyuncs.com']) {
      const { stream } = await download(host.connection, `http://${name}/1.png?Expires=1`, never);
      expect(await text(stream)).toBe(`${name}/1.png?Expires=1`);
    }
  } finally {
    await host.close();
  }
});

test.each([
  ['http://result.example/1.png', /http:\/\/result\.example, which is not https/],
  ['ftp://dashscope.aliyuncs.com/1.png', /which is not https/],
  ['1.png', /"1\.png", which is no address/],
  ['', /"", which is no address/],
  ['https://169.254.169.254/latest', /private network/],
])('%j is an error of the provider that names it', async (address, message) => {
  const host = await startResultHost();
  try {
    await expect(download(host.connection, address, never)).rejects.toMatchObject({
      kind: 'providerFailure',
      message: expect.stringMatching(message),
    });
  } finally {
    await host.close();
  }
});
