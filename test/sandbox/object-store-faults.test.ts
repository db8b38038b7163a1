import { once } from 'node:events';
import { fstatSync, readdirSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { bucket, codeOf, getRaw, openStore, type StoreFixture } from './object-store-fixture.js';

async function leftovers(fixture: StoreFixture): Promise<string[]> {
  return readdir(join(fixture.directory, '.meta', 'incoming'));
}

/** Begins an upload, cuts the connection once the server is writing, and waits until its file is gone. */
async function cutUpload(fixture: StoreFixture, framing: string, firstBytes: string): Promise<void> {
  const url = new URL(await fixture.client().signatureUrlV4('PUT', 60, undefined, 'cut.bin'));
  const socket = connect(fixture.store.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const head = `PUT ${url.pathname}${url.search} HTTP/1.1\r\nHost: localhost\r\n${framing}\r\n\r\n`;
  socket.write(head + firstBytes);
  while ((await leftovers(fixture)).length === 0) await new Promise(setImmediate);
  socket.destroy();
  await once(socket, 'close');
  while ((await leftovers(fixture)).length > 0) await new Promise(setImmediate);
}

test('an upload that is cut off leaves neither an object nor a file', async () => {
  await using fixture = await openStore();
  await cutUpload(fixture, 'Content-Length: 1000', 'x'.repeat(100));
  await cutUpload(fixture, 'Transfer-Encoding: chunked', `64\r\n${'x'.repeat(100)}\r\n`);
  expect(await fixture.store.list(bucket)).toEqual([]);
  expect(fixture.store.requests().map((request) => request.status)).toEqual([undefined, undefined]);
});

test('ordered refusals meet the next matching requests and no others', async () => {
  await using fixture = await openStore();
  const client = fixture.client();
  const { faults } = fixture.store;
  await client.put('k', Buffer.from('body'));
  faults.add({
    answer: 'unavailable',
    times: 2,
    when: ({ operation, key }) => operation === 'GetObject' && key === 'k',
  });
  faults.add({ answer: 'token-expired', when: ({ method }) => method === 'PUT' });
  expect(faults.remaining()).toBe(3);
  expect(await codeOf(client.get('other'))).toBe('NoSuchKey');
  expect(await codeOf(client.get('k'))).toBe('ServiceUnavailable');
  expect(await codeOf(client.get('k'))).toBe('ServiceUnavailable');
  expect(await codeOf(client.get('k'))).toBeUndefined();
  expect(await codeOf(client.put('k', Buffer.from('x')))).toBe('SecurityTokenExpired');
  expect(faults.remaining()).toBe(0);
  faults.add({ answer: 'forbidden' });
  faults.clear();
  expect(await codeOf(client.get('k'))).toBeUndefined();
});

test('an early 403 reaches a client that is still sending', async () => {
  await using fixture = await openStore();
  fixture.store.faults.add({ answer: 'forbidden' });
  const chunk = Buffer.alloc(256 * 1024);
  const stream = Readable.from(Array.from({ length: 80 }, () => chunk));
  expect(await codeOf(fixture.client().putStream('k', stream))).toBe('AccessDenied');
});

test('a reset and a stall break uploads in the middle', async () => {
  await using fixture = await openStore();
  const client = fixture.client({ timeout: 300 });
  const body = () => Readable.from(Array.from({ length: 20 }, () => Buffer.alloc(100_000)));
  for (const answer of ['reset', 'stall'] as const) {
    fixture.store.faults.add({ answer, afterBytes: 500_000 });
    await expect(client.putStream('k', body())).rejects.toThrow();
  }
  expect(await fixture.store.list(bucket)).toEqual([]);
});

test('a download can break after some bytes', async () => {
  await using fixture = await openStore();
  await fixture.store.put(bucket, 'k', Buffer.alloc(1_000_000));
  fixture.store.faults.add({ answer: 'reset', afterBytes: 300_000 });
  const { stream } = await fixture.client().getStream('k');
  let bytes = 0;
  const count = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) bytes += chunk.length;
  };
  await expect(pipeline(stream as Readable, count)).rejects.toThrow();
  expect(bytes).toBeLessThanOrEqual(300_000);
});

test('a lost answer has done its work', async () => {
  await using fixture = await openStore();
  fixture.store.faults.add({ answer: 'lost-answer' });
  await expect(fixture.client().put('k', Buffer.from('body'))).rejects.toMatchObject({ status: -1 });
  expect((await fixture.store.read(bucket, 'k'))?.toString()).toBe('body');
});

test('a download goes on with the object it began with while the key is overwritten', async () => {
  await using fixture = await openStore();
  const old = Buffer.alloc(20_000_000, 'a');
  await fixture.store.put(bucket, 'k', old);
  const { stream } = await fixture.client().getStream('k');
  await fixture.client().put('k', Buffer.from('new'));
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    expect(chunk[0]).toBe(97);
    bytes += chunk.length;
  }
  expect(bytes).toBe(old.length);
  const url = await fixture.client().signatureUrlV4('GET', 60, undefined, 'k');
  expect((await getRaw(url)).body).toBe('new');
});

test('clients that are gone before the answer leave no file open', async () => {
  await using fixture = await openStore();
  const { store } = fixture;
  await store.put(bucket, 'k', Buffer.from('body'));
  // The package's types forget that it can sign this one.
  const method: string = 'HEAD';
  const url = new URL(await fixture.client().signatureUrlV4(method as 'GET', 60, undefined, 'k'));
  const warnings: string[] = [];
  const note = ({ message }: Error) => warnings.push(message);
  process.on('warning', note);
  const head = `HEAD ${url.pathname}${url.search} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  for (let count = 0; count < 100; count++) {
    const socket = connect(store.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    await new Promise<void>((resolve) => socket.write(head, () => resolve()));
    socket.destroy();
  }
  await expect.poll(() => store.requests().length, { timeout: 10_000 }).toBe(100);
  const { ino } = statSync(store.filePath(bucket, 'k'));
  await expect.poll(() => openFiles().filter((each) => each === ino), { timeout: 10_000 }).toEqual([]);
  process.off('warning', note);
  // What nobody closed the garbage collection closes, and warns.
  expect(warnings).toEqual([]);
});

/** The inode numbers of all files that this process has open. */
function openFiles(): number[] {
  return readdirSync('/dev/fd').flatMap((number) => {
    try {
      return fstatSync(Number(number)).ino;
    } catch {
      return [];
    }
  });
}

test('200 MB stream through in constant memory', async () => {
  await using fixture = await openStore();
  const chunk = Buffer.alloc(1024 * 1024, 'picture');
  const chunks = 200;
  let peakBytes = 0;
  function* source() {
    for (let index = 0; index < chunks; index++) {
      peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
      yield chunk;
    }
  }
  await fixture.client().put('warm-up', chunk);
  const beforeBytes = process.memoryUsage().rss;
  await fixture.client().putStream('big.bin', Readable.from(source()));
  const head = (await fixture.client().head('big.bin')).res.headers as Record<string, string>;
  expect(head['content-length']).toBe(String(chunks * chunk.length));
  expect(peakBytes - beforeBytes).toBeLessThan(100 * 1024 * 1024);
});
