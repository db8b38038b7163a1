import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { KnownError } from '../../../src/errors.js';
import { drivers } from '../../../src/storage/drivers.js';
import { createPlaces } from '../../../src/storage/open.js';
import type { StoragePath } from '../../../src/storage/path.js';
import type { OpenedSource, SaveOptions } from '../../../src/storage/storage.js';
import { fates } from './fault-proxy.js';
import { openCloud, right, type TestCloud } from './test-cloud.js';

const { readPath } = createPlaces(drivers);
const partBytes = 4 * 1024 * 1024;
const picture: StoragePath = readPath('oss://media/out/cat ü+1.png', 'path');
const video: StoragePath = readPath('oss://media/out/film.mp4', 'path');

function saveOptions(changes: Partial<SaveOptions> = {}): SaveOptions {
  return { contentType: 'image/png', signal: new AbortController().signal, ...changes };
}

/** A source that can be opened again; chunks do not fit parts. */
function sourceOf(body: Buffer): { open: () => Promise<OpenedSource>; opened: () => number } {
  let count = 0;
  function* chunks() {
    for (let start = 0; start < body.length; start += 65_521) yield body.subarray(start, start + 65_521);
  }
  return {
    open: async () => {
      count += 1;
      return { stream: Readable.from(chunks()) };
    },
    opened: () => count,
  };
}

function signal(): AbortSignal {
  return new AbortController().signal;
}

async function download(cloud: TestCloud, path: StoragePath): Promise<Buffer> {
  const url = await cloud.storage.presign(path, right, { expiresSeconds: 60, signal: signal() });
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('a small body is saved with one request, and read back through a presigned URL', async () => {
  await using cloud = await openCloud();
  const body = randomBytes(100_000);
  const saved = await cloud.storage.save(
    picture,
    right,
    sourceOf(body).open,
    saveOptions({ metadata: { model: 'qwen image 你好' } }),
  );
  expect(saved.bytes).toBe(body.length);
  expect(cloud.proxy.lines.filter((line) => !line.startsWith('HEAD'))).toHaveLength(1);
  expect(sha256(await download(cloud, picture))).toBe(sha256(body));
  const info = await cloud.storage.head(picture, right, signal());
  expect(info).toMatchObject({ bytes: body.length, contentType: 'image/png', etag: saved.etag });
  expect(info.lastModified).toBeInstanceOf(Date);
});

const sizes: [string, number][] = [
  ['nothing', 0],
  ['exactly one part', partBytes],
  ['one byte more than a part', partBytes + 1],
  ['several parts', 3 * partBytes + 12_345],
  ['exactly several parts', 3 * partBytes],
];

test.each([
  ...sizes.map(([what, bytes]) => [what, 'an announced', bytes, bytes] as const),
  ...sizes.map(([what, bytes]) => [what, 'an unknown', bytes, undefined] as const),
])('a body of %s with %s length arrives complete', async (_what, _how, bytes, lengthBytes) => {
  await using cloud = await openCloud();
  const body = randomBytes(bytes);
  const progress: number[] = [];
  const saved = await cloud.storage.save(
    video,
    right,
    sourceOf(body).open,
    saveOptions({ contentType: 'video/mp4', lengthBytes, onProgress: (sent) => progress.push(sent) }),
  );
  expect(saved.bytes).toBe(bytes);
  expect(progress.at(-1)).toBe(bytes);
  expect(sha256(await download(cloud, video))).toBe(sha256(body));
  expect((await cloud.storage.head(video, right, signal())).contentType).toBe('video/mp4');
});

test.each(['busy', 'reset', 'lost', 'expired'] as const)(
  'a streamed request that meets "%s" is repeated from a newly opened source',
  async (fate) => {
    await using cloud = await openCloud();
    const body = randomBytes(2 * partBytes);
    const source = sourceOf(body);
    if (fate === 'expired') {
      await cloud.storage.save(video, right, sourceOf(Buffer.from('first')).open, saveOptions());
      cloud.credentials.expire();
    } else cloud.proxy.decide = fates(/^PUT/, fate);
    await cloud.storage.save(video, right, source.open, saveOptions({ lengthBytes: body.length }));
    expect(source.opened()).toBe(2);
    expect(sha256(await download(cloud, video))).toBe(sha256(body));
  },
);

test.each([-1, 1, 100_000])('a long source that is off by %d bytes leaves no object', async (difference) => {
  await using cloud = await openCloud();
  const source = sourceOf(randomBytes(2 * partBytes + difference));
  await expect(
    cloud.storage.save(video, right, source.open, saveOptions({ lengthBytes: 2 * partBytes })),
  ).rejects.toMatchObject({
    sqlstate: '08006',
    message: expect.stringContaining(`instead of ${2 * partBytes}`),
  });
  await expect(cloud.storage.head(video, right, signal())).rejects.toMatchObject({ sqlstate: '58P01' });
});

test('a long source that falls silent is an error about the source', async () => {
  await using cloud = await openCloud({ timeouts: { connectMs: 2000, responseMs: 5000, idleMs: 100 } });
  const open = async (): Promise<OpenedSource> => {
    const stream = new PassThrough();
    stream.write(Buffer.alloc(1000));
    return { stream, lengthBytes: 2 * partBytes };
  };
  await expect(cloud.storage.save(video, right, open, saveOptions())).rejects.toMatchObject({
    sqlstate: '08006',
    message: expect.stringContaining('the source sent nothing for 100 ms'),
  });
});

test('requests that fail in passing are tried again without reading the source again', async () => {
  await using cloud = await openCloud();
  const source = sourceOf(randomBytes(2 * partBytes));
  for (const fate of ['busy', 'reset', 'lost'] as const) {
    cloud.proxy.decide = fates(/partNumber=1/, fate, fate);
    await cloud.storage.save(video, right, source.open, saveOptions());
  }
  expect(source.opened()).toBe(3);
});

test('a completed upload whose answer was lost counts as saved', async () => {
  await using cloud = await openCloud();
  const body = randomBytes(partBytes + 7);
  const source = sourceOf(body);
  cloud.proxy.decide = fates(/^POST .*\?uploadId=/, 'lost');
  const saved = await cloud.storage.save(video, right, source.open, saveOptions());
  expect(saved.bytes).toBe(body.length);
  expect(source.opened()).toBe(1);
  expect(sha256(await download(cloud, video))).toBe(sha256(body));
});

test.each([
  ['in a small body', 1000, undefined, /^PUT /, 1],
  ['on the way of a streamed body', 2 * partBytes, 2 * partBytes, /^PUT /, 2],
  ['in a part', 2 * partBytes, undefined, /partNumber=2/, 2],
])(
  'a bit that flips %s is noticed, and the copy is repeated',
  async (_where, bytes, lengthBytes, pattern, opened) => {
    await using cloud = await openCloud();
    const body = randomBytes(bytes);
    const source = sourceOf(body);
    cloud.proxy.decide = fates(pattern, 'flipped');
    await cloud.storage.save(video, right, source.open, saveOptions({ lengthBytes }));
    expect(source.opened()).toBe(opened);
    expect(sha256(await download(cloud, video))).toBe(sha256(body));
  },
);

test('bits that flip each time are a retryable error with both checksums', async () => {
  await using cloud = await openCloud();
  cloud.proxy.decide = (line) => (line.startsWith('PUT') ? 'flipped' : 'pass');
  const body = randomBytes(2 * partBytes);
  await expect(
    cloud.storage.save(video, right, sourceOf(body).open, saveOptions({ lengthBytes: body.length })),
  ).rejects.toMatchObject({
    sqlstate: '58030',
    retryable: true,
    message: 'OSS stored other bytes for oss://media/out/film.mp4 than were sent',
    detail: expect.stringMatching(/^CRC-64 sent \d+, stored \d+$/),
  });
});

test('each object carries its metadata, however it was sent', async () => {
  await using cloud = await openCloud();
  const metadata = { 'hologen-model': 'qwen-image', 'hologen-job': 'a job', 'hologen-request': 'r 你好' };
  const ways = [
    [1000, undefined],
    [2 * partBytes, 2 * partBytes],
    [2 * partBytes, undefined],
  ] as const;
  for (const [bytes, lengthBytes] of ways) {
    await cloud.storage.save(
      video,
      right,
      sourceOf(randomBytes(bytes)).open,
      saveOptions({ lengthBytes, metadata }),
    );
    const url = await cloud.storage.presign(video, right, { expiresSeconds: 60, signal: signal() });
    const { headers } = await fetch(url);
    expect(headers.get('x-oss-meta-hologen-model')).toBe('qwen-image');
    expect(headers.get('x-oss-meta-hologen-job')).toBe('a job');
    expect(headers.get('x-oss-meta-hologen-request')).toBe('r %E4%BD%A0%E5%A5%BD');
  }
});

test('the ETag and checksum of an object change with its content', async () => {
  await using cloud = await openCloud();
  const facts = async (text: string) => {
    await cloud.store.put('media', 'out/film.mp4', Buffer.from(text));
    const { etag, crc64 } = await cloud.storage.head(video, right, signal());
    return { etag, crc64 };
  };
  const first = await facts('123456789');
  expect(first).toEqual({ etag: '"25F9E794323B453885F5181F1B624D0B"', crc64: '11051210869376104954' });
  const second = await facts('987654321');
  expect(second.etag).not.toBe(first.etag);
  expect(await facts('123456789')).toEqual(first);
});

test('an OSS that stays unavailable is a retryable error and leaves nothing behind', async () => {
  await using cloud = await openCloud();
  cloud.proxy.decide = (line) => (line.includes('partNumber=2') ? 'busy' : 'pass');
  const saving = cloud.storage.save(video, right, sourceOf(randomBytes(2 * partBytes)).open, saveOptions());
  await expect(saving).rejects.toMatchObject({ sqlstate: '58030', retryable: true });
  expect(cloud.proxy.lines.at(-1)).toMatch(/^DELETE .*uploadId=/);
  cloud.proxy.decide = () => 'pass';
  await expect(cloud.storage.head(video, right, signal())).rejects.toMatchObject({ sqlstate: '58P01' });
});

test('a broken source is opened again and the object is whole', async () => {
  await using cloud = await openCloud();
  const body = randomBytes(2 * partBytes);
  let count = 0;
  const open = async (): Promise<OpenedSource> => {
    count += 1;
    const isBroken = count < 3;
    async function* chunks() {
      yield body.subarray(0, partBytes + 1000);
      if (isBroken) throw new Error('connection reset');
      yield body.subarray(partBytes + 1000);
    }
    return { stream: Readable.from(chunks()), lengthBytes: body.length };
  };
  await cloud.storage.save(video, right, open, saveOptions());
  expect(count).toBe(3);
  expect(sha256(await download(cloud, video))).toBe(sha256(body));
});

test('a source that keeps ending early is an error and leaves no object', async () => {
  await using cloud = await openCloud();
  const source = sourceOf(Buffer.alloc(1000));
  await expect(
    cloud.storage.save(picture, right, source.open, saveOptions({ lengthBytes: 1001 })),
  ).rejects.toMatchObject({
    sqlstate: '08006',
    message: expect.stringContaining('1000 bytes instead of 1001'),
  });
  expect(source.opened()).toBe(3);
  await expect(cloud.storage.head(picture, right, signal())).rejects.toMatchObject({ sqlstate: '58P01' });
});

test('an error of the opener that will not pass is not tried again', async () => {
  await using cloud = await openCloud();
  let count = 0;
  const open = async (): Promise<OpenedSource> => {
    count += 1;
    throw new KnownError({ kind: 'providerFailure', message: 'the result has expired' });
  };
  await expect(cloud.storage.save(picture, right, open, saveOptions())).rejects.toMatchObject({
    sqlstate: '58H01',
  });
  expect(count).toBe(1);
});

test('an abort in the middle ends the copy, closes the source and drops the upload', async () => {
  await using cloud = await openCloud();
  const controller = new AbortController();
  const stream = new PassThrough();
  stream.on('error', () => {});
  const saving = cloud.storage.save(
    video,
    right,
    async () => ({ stream }),
    saveOptions({ signal: controller.signal, onProgress: () => controller.abort() }),
  );
  stream.write(Buffer.alloc(partBytes + 1));
  await expect(saving).rejects.toMatchObject({ sqlstate: '57014' });
  expect(stream.destroyed).toBe(true);
  expect(cloud.proxy.lines.at(-1)).toMatch(/^DELETE .*uploadId=/);
});

test('closing ends what is running', async () => {
  await using cloud = await openCloud();
  cloud.proxy.decide = (line) => {
    if (line.startsWith('HEAD')) queueMicrotask(() => void cloud.storage.close());
    return 'silent';
  };
  await expect(cloud.storage.head(picture, right, signal())).rejects.toMatchObject({ sqlstate: '57P01' });
});

test('an OSS that never answers is a retryable connection failure', async () => {
  await using cloud = await openCloud({ timeouts: { connectMs: 200, responseMs: 50, idleMs: 200 } });
  await cloud.storage.checkWritable(picture, right, { contentType: 'image/png' }, signal());
  cloud.proxy.decide = () => 'silent';
  await expect(cloud.storage.head(picture, right, signal())).rejects.toMatchObject({
    sqlstate: '08006',
    retryable: true,
  });
  expect(cloud.proxy.lines.filter((line) => line.startsWith('HEAD'))).toHaveLength(3);
});

test('a missing object and a missing bucket are undefined files', async () => {
  await using cloud = await openCloud();
  for (const text of ['oss://media/none.png', 'oss://no-such-bucket/none.png']) {
    await expect(cloud.storage.head(readPath(text, 'path'), right, signal())).rejects.toMatchObject({
      sqlstate: '58P01',
      message: expect.stringContaining(text),
    });
  }
});

test('an object that is archived says so, and is refused as such when it is read', async () => {
  await using cloud = await openCloud();
  const put = (restore: object) =>
    cloud.store.put('media', 'out/film.mp4', Buffer.from('a film'), undefined, {
      'x-oss-storage-class': 'ColdArchive',
      ...restore,
    });
  await put({});
  expect(await cloud.storage.head(video, right, signal())).toMatchObject({ archived: true });
  await expect(cloud.storage.beginning(video, right, 2, signal())).rejects.toMatchObject({
    kind: 'invalidParameterValue',
    message: 'cannot read oss://media/out/film.mp4: the object is archived',
    hint: expect.stringMatching(/^Restore it first/),
    retryable: false,
  });
  await put({ 'x-oss-restore': 'ongoing-request="false", expiry-date="Sun, 16 Apr 2034 08:12:33 GMT"' });
  expect(await cloud.storage.head(video, right, signal())).toMatchObject({ archived: false });
  expect(`${await cloud.storage.beginning(video, right, 2, signal())}`).toBe('a ');
});

test('expired credentials are renewed once and the request passes', async () => {
  await using cloud = await openCloud();
  await cloud.storage.save(picture, right, sourceOf(Buffer.from('one')).open, saveOptions());
  cloud.credentials.expire();
  await cloud.storage.save(picture, right, sourceOf(Buffer.from('two')).open, saveOptions());
  expect((await download(cloud, picture)).toString()).toBe('two');
});

test('a role that does not exist is refused with its name', async () => {
  await using cloud = await openCloud();
  const other = { ...right, roleArn: 'acs:ram::404:role/nobody' };
  await expect(cloud.storage.head(picture, other, signal())).rejects.toMatchObject({
    sqlstate: '42501',
    message: expect.stringContaining(other.roleArn),
  });
});

test('a directory cannot be saved to or presigned', async () => {
  await using cloud = await openCloud();
  const root = readPath('oss://media', 'path');
  await expect(
    cloud.storage.save(root, right, sourceOf(Buffer.alloc(1)).open, saveOptions()),
  ).rejects.toThrow('is a directory');
  await expect(
    cloud.storage.presign(root, right, { expiresSeconds: 60, signal: signal() }),
  ).rejects.toMatchObject({ sqlstate: '22023' });
  expect(cloud.proxy.lines).toHaveLength(0);
});

test('a presigned URL never outlives the credentials it is signed with', async () => {
  await using cloud = await openCloud();
  const url = await cloud.storage.presign(picture, right, { expiresSeconds: 604_800, signal: signal() });
  const seconds = Number(new URL(url).searchParams.get('x-oss-expires'));
  expect(seconds).toBeGreaterThan(3500);
  expect(seconds).toBeLessThanOrEqual(3600);
});
