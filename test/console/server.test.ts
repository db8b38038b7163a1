/** Where the console listens, what it sends with its page, and that it can be left out. */
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, gateway.console), { headers });

test('the page allows nothing but its own files, and nobody may frame it', async () => {
  const { status, headers } = await get('/');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
  for (const rule of [
    "default-src 'none'",
    "script-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]) {
    expect(policy).toContain(rule);
  }
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
});

test('its files come compressed, are known again, and together are small', async () => {
  const html = await (await get('/')).text();
  const names = [...html.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)].map((match) => match[1] ?? '');
  expect(names).toHaveLength(2);
  let bytes = 0;
  for (const name of names) {
    const { status, headers } = await get(name, { 'accept-encoding': 'br, gzip' });
    expect([status, headers.get('content-encoding')]).toEqual([200, 'br']);
    expect(headers.get('cache-control')).toContain('immutable');
    bytes += Number(headers.get('content-length'));
    const again = await get(name, { 'if-none-match': headers.get('etag') ?? '' });
    expect(again.status).toBe(304);
    expect((await get(name, { 'accept-encoding': 'gzip' })).headers.get('content-encoding')).toBe('gzip');
    expect((await get(name, { 'accept-encoding': 'identity' })).headers.get('content-encoding')).toBeNull();
  }
  expect(bytes).toBeLessThan(64 * 1024);
});

test('other paths are not there', async () => {
  for (const path of ['/nothing', '/../package.json', '/page/../../server.js', '/%2e%2e/package.json']) {
    expect((await get(path)).status).toBe(404);
  }
  expect((await get('/api/nothing')).status).toBe(401);
});

test('beyond the own machine it speaks HTTPS only, with the gateway’s certificate', async () => {
  await using open = await startTestGateway({ consoleHost: '0.0.0.0' });
  const url = new URL(open.console);
  expect(url.protocol).toBe('https:');
  const status = await new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: url.port, rejectUnauthorized: false };
    request(options, (response) => resolve(response.resume().statusCode))
      .once('error', reject)
      .end();
  });
  expect(status).toBe(200);
  await expect(fetch(open.console.replace('https:', 'http:'))).rejects.toThrow();
});

test('without a console nothing listens', async () => {
  await using closed = await startTestGateway({ consolePort: 'off' });
  expect(closed.console).toBe('');
});

test('a port that is taken is told with the setting that chooses another', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(startTestGateway({ consolePort: String(port) })).rejects.toThrow(
    /EADDRINUSE.*--console-port \/ HOLOGEN_CONSOLE_PORT/,
  );
  other.close();
});
