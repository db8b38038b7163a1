/** What every driver of the storage port promises; each driver runs this suite on a store of its own. */
import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KnownError } from '../../src/errors.js';
import type { Json } from '../../src/json.js';
import { MissingFile } from '../../src/storage/missing-file.js';
import { createCrc64 } from '../../src/storage/oss/crc64.js';
import type { OpenedSource, SaveOptions, Storage } from '../../src/storage/storage.js';

/** A storage with at least the driver under test. The bucket `media` exists, the bucket `nowhere` does not. */
export interface StoreUnderTest extends AsyncDisposable {
  storage: Storage;
  scheme: string;
  /** The two texts of a FILE beside its path, with the right to everything in `media`. */
  right: Omit<Json, 'oss_path'>;
  /** Well formed, and without any right. */
  noRight: Omit<Json, 'oss_path'>;
}

const mebibyte = 1024 * 1024;
const headers = { contentType: 'image/png', metadata: { 'hologen-job': 'a job' } };

export function storageContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the contract of storage: ${name}`, () => {
    let under: StoreUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under?.[Symbol.asyncDispose]());
    const hands = handsOn(() => under);
    describe('places', () => readingPlaces(hands));
    describe('head', () => heads(hands));
    describe('list', () => listing(hands));
    describe('save', () => saving(hands));
    describe('a source', () => sources(hands));
    describe('presign', () => presigning(hands));
    describe('rights and places', () => refusing(hands));
    describe('a signal', () => stopping(hands));
    describe('keys', () => strangeKeys(hands));
  });
}

type Hands = ReturnType<typeof handsOn>;

/** The store is there when a test runs, not yet when it is declared. */
function handsOn(under: () => StoreUnderTest) {
  const storage = () => under().storage;
  const at = (key: string, bucket = 'media') => `${under().scheme}://${bucket}/${key}`;
  const pathOf = (key: string, bucket?: string) => storage().readPath(at(key, bucket), 'path');
  const right = () => storage().readFile({ ...under().right, oss_path: at('') }).right;
  const head = (key: string, bucket?: string) => storage().head(pathOf(key, bucket), right(), unstopped());
  return {
    get under() {
      return under();
    },
    get storage() {
      return storage();
    },
    ...{ at, pathOf, right, head },
    /** The keys of all pages, and that each page holds what it says. */
    async listAll(key: string, recursive: boolean, bucket?: string): Promise<string[]> {
      const keys: string[] = [];
      for (let after: string | undefined; ; ) {
        const options = { recursive, after, signal: unstopped() };
        const page = await storage().list(pathOf(key, bucket), right(), options);
        keys.push(...page.objects.map(({ path }) => path.key));
        after = page.next;
        if (after === undefined) return keys.sort();
      }
    },
    save: (key: string, source: Open, options: Partial<SaveOptions> = {}) =>
      storage().save(pathOf(key), right(), source, { ...headers, signal: unstopped(), ...options }),
    presign: (key: string, expiresSeconds = 60) =>
      storage().presign(pathOf(key), right(), { expiresSeconds, signal: unstopped() }),
    expectAbsent: (key: string) => expect(head(key)).rejects.toBeInstanceOf(MissingFile),
  };
}

function readingPlaces(hands: Hands): void {
  const { at, pathOf, right } = hands;
  test('a path is read and comes from its own scheme', () => {
    expect(pathOf('a/b.png')).toEqual({ scheme: hands.under.scheme, bucket: 'media', key: 'a/b.png' });
  });

  test('a FILE is read into path and right, and keeps its texts', () => {
    const fields = { ...hands.under.right, oss_path: at('a/b.png') };
    const file = hands.storage.readFile(fields);
    expect(file).toMatchObject({ text: at('a/b.png'), path: pathOf('a/b.png'), fields });
    expect(file.right.scheme).toBe(hands.under.scheme);
  });

  test('a path of another scheme is refused, naming the schemes there are', () => {
    expect(() => hands.storage.readPath('gopher://media/a.png', 'output_dir')).toThrow(
      expect.objectContaining({
        kind: 'invalidParameterValue',
        message: expect.stringMatching(new RegExp(`^output_dir .*${hands.under.scheme}://`)),
      }),
    );
  });

  test('a FILE that lacks one of its texts is refused, naming it', () => {
    expect(() => hands.storage.readFile({ oss_path: at('a.png') }, 'args[0]')).toThrow(
      'args[0].oss_endpoint',
    );
  });

  test('a right to another store does not hold here', async () => {
    const foreign = { ...right(), scheme: 'gopher' };
    await expect(hands.storage.head(pathOf('a.png'), foreign, unstopped())).rejects.toMatchObject({
      kind: 'invalidParameterValue',
      message: `the FILE gives access to gopher://, and the path is one of ${hands.under.scheme}://`,
    });
  });
}

function heads(hands: Hands): void {
  const { at, save, head, pathOf, right } = hands;
  test('gives the first bytes of an object, and no more than there are', async () => {
    const [body, signal, path] = [randomBytes(1000), unstopped(), pathOf('head/begins.png')];
    await save('head/begins.png', sourceOf(body));
    expect(await hands.storage.beginning(path, right(), 3, signal)).toEqual(body.subarray(0, 3));
    expect(await hands.storage.beginning(path, right(), 1_000_000, signal)).toEqual(body);
  });

  test('tells size, content type, time and tag of what was saved', async () => {
    const saved = await save('head/cat.png', sourceOf(randomBytes(1000)));
    const info = await head('head/cat.png');
    expect(info).toMatchObject({ bytes: 1000, etag: saved.etag, contentType: 'image/png' });
    expect(Math.abs(Date.now() - (info.lastModified?.getTime() ?? 0))).toBeLessThan(60_000);
  });

  test('of what is not there is an error that names the path', async () => {
    for (const bucket of ['media', 'nowhere'])
      await expect(head('none.png', bucket)).rejects.toMatchObject({
        kind: 'undefinedFile',
        message: expect.stringContaining(at('none.png', bucket)),
      });
  });
}

function listing(hands: Hands): void {
  const { pathOf, right, save, head, listAll } = hands;
  test('gives what lies in a directory, and only if asked what lies deeper', async () => {
    const keys = ['list/a.png', 'list/b ü+%20.png', 'list/c.png', 'list/deep/d.png', 'list/deep/er/e.png'];
    for (const key of [...keys, 'list-of-others/f.png', 'listed.png'])
      await save(key, sourceOf(Buffer.from(key)));
    for (const directory of ['list/', 'list']) {
      expect(await listAll(directory, false)).toEqual(keys.slice(0, 3));
      expect(await listAll(directory, true)).toEqual(keys);
    }
    expect(await listAll('', false)).toContain('listed.png');
    expect(await listAll('', true)).toEqual(expect.arrayContaining(keys));
  });

  test('tells of each object what its head tells', async () => {
    await save('told/one.png', sourceOf(randomBytes(1234)));
    const { objects } = await hands.storage.list(pathOf('told/'), right(), {
      recursive: false,
      signal: unstopped(),
    });
    const { bytes, etag, lastModified } = await head('told/one.png');
    expect(objects).toEqual([{ ...objects[0], path: pathOf('told/one.png'), bytes, etag }]);
    expect(Math.abs(Number(objects[0]?.lastModified) - Number(lastModified))).toBeLessThan(1000);
  });

  test('of an empty directory is empty, and of a bucket that is not there an error', async () => {
    expect(await listAll('nothing/here/', true)).toEqual([]);
    await expect(listAll('', true, 'nowhere')).rejects.toMatchObject({ kind: 'undefinedFile' });
  });
}

function saving(hands: Hands): void {
  const { save, presign } = hands;
  const sizes: [string, number][] = [
    ['nothing', 0],
    ['a few bytes', 1000],
    ['several megabytes', 9 * mebibyte + 12_345],
  ];
  test.each(sizes)('a body of %s arrives complete, its length announced or not', async (_what, bytes) => {
    const body = randomBytes(bytes);
    for (const lengthBytes of [bytes, undefined]) {
      const progress: number[] = [];
      const onProgress = (sent: number) => progress.push(sent);
      const saved = await save('sizes.png', sourceOf(body), { lengthBytes, onProgress });
      expect(saved.bytes).toBe(bytes);
      if (bytes > 0) expect(progress.at(-1)).toBe(bytes);
      expect(digest(await download(await presign('sizes.png')))).toBe(digest(body));
    }
  });

  test('a second copy takes the place of the first, and its tag differs', async () => {
    const first = await save('twice.png', sourceOf(Buffer.from('first')));
    const second = await save('twice.png', sourceOf(Buffer.from('second')));
    expect(second.etag).not.toBe(first.etag);
    expect((await download(await presign('twice.png'))).toString()).toBe('second');
    const third = await save('twice.png', sourceOf(Buffer.from('first')));
    expect(third.etag).toBe(first.etag);
  });
}

/** What a store makes of sources that break, lie or stop. */
function sources(hands: Hands): void {
  const { save, presign, expectAbsent } = hands;
  test('a source that breaks is opened again, and the object is whole', async () => {
    const body = randomBytes(5 * mebibyte);
    let opened = 0;
    const source = async (): Promise<OpenedSource> => {
      opened += 1;
      return { stream: Readable.from(opened < 3 ? brokenAfter(body.subarray(0, mebibyte)) : [body]) };
    };
    await save('mended.png', source);
    expect(opened).toBe(3);
    expect(digest(await download(await presign('mended.png')))).toBe(digest(body));
  });

  const badSources: [string, (body: Buffer) => OpenedSource][] = [
    ['that keeps breaking', (body) => ({ stream: Readable.from(brokenAfter(body)) })],
    ['that is too short', (body) => ({ stream: Readable.from([body]), lengthBytes: body.length + 1 })],
    ['that is too long', (body) => ({ stream: Readable.from([body]), lengthBytes: body.length - 1 })],
    [
      'with other bytes than announced',
      (body) => ({ stream: Readable.from([body]), crc64: crc64Of(Buffer.from('other bytes')) }),
    ],
  ];
  for (const bytes of [1000, 5 * mebibyte])
    test.each(badSources)(`a source of ${bytes} bytes %s leaves no object`, async (_what, badSource) => {
      const source = async () => badSource(randomBytes(bytes));
      await expect(save('bad.png', source)).rejects.toMatchObject({
        kind: 'connectionFailure',
        retryable: true,
      });
      await expectAbsent('bad.png');
    });

  test('a body with the bytes that were announced is saved', async () => {
    const body = randomBytes(5 * mebibyte);
    const source = async () => ({ stream: Readable.from([body]), crc64: crc64Of(body) });
    expect((await save('announced.png', source)).bytes).toBe(body.length);
  });

  test('an error of the opener that will not pass is not tried again', async () => {
    let opened = 0;
    const source = async (): Promise<OpenedSource> => {
      opened += 1;
      throw new KnownError({ kind: 'providerFailure', message: 'the result has expired' });
    };
    await expect(save('expired.png', source)).rejects.toMatchObject({ kind: 'providerFailure' });
    expect(opened).toBe(1);
    await expectAbsent('expired.png');
  });
}

function presigning(hands: Hands): void {
  const { save, presign } = hands;
  test('gives an address from which anybody gets the bytes, whole or in part', async () => {
    await save('open.png', sourceOf(Buffer.from('0123456789')));
    const url = await presign('open.png');
    expect((await download(url)).toString()).toBe('0123456789');
    const part = await fetch(url, { headers: { range: 'bytes=2-4' } });
    expect(part.status).toBe(206);
    expect(await part.text()).toBe('234');
  });

  test('an altered address opens nothing', async () => {
    await save('secret-a.png', sourceOf(Buffer.from('a')));
    await save('secret-b.png', sourceOf(Buffer.from('b')));
    const url = await presign('secret-a.png');
    expect((await fetch(url.replace('secret-a', 'secret-b'))).status).toBe(403);
    expect((await fetch(url.replace(/\?.*/, ''))).status).toBe(403);
  });

  test('an address that has expired opens nothing', async () => {
    await save('short.png', sourceOf(Buffer.from('a')));
    const url = await presign('short.png', 1);
    await expect.poll(async () => (await fetch(url)).status, { timeout: 5000 }).toBe(403);
  });

  test('an address of an object that is not there is not found', async () => {
    expect((await fetch(await presign('absent.png'))).status).toBe(404);
  });
}

function refusing(hands: Hands): void {
  const { at, pathOf, right, save, head, presign, expectAbsent } = hands;
  test('a place may be written to or not, and looking leaves nothing there', async () => {
    await hands.storage.checkWritable(pathOf('new/'), right(), headers, unstopped());
    await hands.storage.checkWritable(pathOf('new/film.mp4'), right(), headers, unstopped());
    await expectAbsent('new/film.mp4');
    const nowhere = hands.storage.checkWritable(pathOf('new/', 'nowhere'), right(), headers, unstopped());
    await expect(nowhere).rejects.toMatchObject({ kind: 'undefinedFile' });
  });

  test('a directory is no object', async () => {
    const refused = { kind: 'invalidParameterValue', message: expect.stringContaining('is a directory') };
    await expect(head('')).rejects.toMatchObject(refused);
    await expect(presign('')).rejects.toMatchObject(refused);
    await expect(save('a/', sourceOf(Buffer.from('a')))).rejects.toMatchObject(refused);
  });

  test('a right that does not hold is an error, whatever is asked', async () => {
    await save('closed.png', sourceOf(Buffer.from('a')));
    const { path, right: none } = hands.storage.readFile({
      ...hands.under.noRight,
      oss_path: at('closed.png'),
    });
    const signal = unstopped();
    const asked = [
      () => hands.storage.head(path, none, signal),
      () => hands.storage.list(pathOf(''), none, { recursive: true, signal }),
      () => hands.storage.presign(path, none, { expiresSeconds: 60, signal }),
      () => hands.storage.checkWritable(path, none, headers, signal),
      () => hands.storage.save(path, none, sourceOf(Buffer.from('b')), { ...headers, signal }),
    ];
    for (const each of asked) await expect(each()).rejects.toMatchObject({ kind: 'insufficientPrivilege' });
    expect((await download(await presign('closed.png'))).toString()).toBe('a');
  });
}

function stopping(hands: Hands): void {
  const { pathOf, right, save, expectAbsent } = hands;
  test('what is stopped before it begins is canceled', async () => {
    const signal = AbortSignal.abort();
    const path = pathOf('stopped.png');
    const asked = [
      () => hands.storage.head(path, right(), signal),
      () => hands.storage.list(pathOf(''), right(), { recursive: true, signal }),
      () => hands.storage.presign(path, right(), { expiresSeconds: 60, signal }),
      () => hands.storage.checkWritable(path, right(), headers, signal),
      () => save('stopped.png', sourceOf(Buffer.from('a')), { signal }),
    ];
    for (const each of asked) await expect(each()).rejects.toMatchObject({ kind: 'queryCanceled' });
    await expectAbsent('stopped.png');
  });

  test('a copy that is stopped in the middle closes its source and leaves no object', async () => {
    const stop = new AbortController();
    const stream = new PassThrough();
    stream.on('error', () => {});
    const onProgress = () => stop.abort();
    const saving = save('halfway.png', async () => ({ stream }), { signal: stop.signal, onProgress });
    stream.write(Buffer.alloc(9 * mebibyte));
    await expect(saving).rejects.toMatchObject({ kind: 'queryCanceled' });
    expect(stream.destroyed).toBe(true);
    await expectAbsent('halfway.png');
  });
}

function strangeKeys(hands: Hands): void {
  const { save, head, presign } = hands;
  test.each([
    'with blanks/cat 1.png',
    'ümlaut/猫.png',
    'signs/a+b%20c#d?e&f=g.png',
    'quotes/it\'s "so".png',
    'tilde~!$()*,;:@[]^{|}.png',
  ])('the key %j is one object like any other', async (key) => {
    const body = randomBytes(100);
    await save(key, sourceOf(body));
    expect(await head(key)).toMatchObject({ bytes: 100 });
    expect(digest(await download(await presign(key)))).toBe(digest(body));
  });
}

type Open = () => Promise<OpenedSource>;

/** A source that can be opened again, in chunks that fit no round number. */
function sourceOf(body: Buffer): Open {
  function* chunks() {
    for (let start = 0; start < body.length; start += 65_521) yield body.subarray(start, start + 65_521);
  }
  return async () => ({ stream: Readable.from(chunks()) });
}

async function* brokenAfter(beginning: Buffer) {
  yield beginning;
  throw new Error('connection reset');
}

function unstopped(): AbortSignal {
  return new AbortController().signal;
}

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function crc64Of(bytes: Buffer): string {
  const crc64 = createCrc64();
  crc64.update(bytes);
  return crc64.digest();
}
