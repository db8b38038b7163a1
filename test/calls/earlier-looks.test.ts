/** Looks for earlier results: many who ask for the same cost few looks, and none is spared who asks after one. */
import { expect, test } from 'vitest';
import type { CheckedCall } from '../../src/calls/check.js';
import { createEarlierLooks, type Found, type Search } from '../../src/calls/earlier-looks.js';
import { createNamedJobs } from '../../src/calls/named-jobs.js';
import type { Earlier, EarlierWish } from '../../src/ledger/job.js';
import type { Storage } from '../../src/storage/storage.js';

const madeAs = { model: 'text', modelType: 'text', prompt: undefined };
const earlier = (id: string, result: string | undefined): Earlier => ({ id, result, files: [], madeAs });

/** Looks in a ledger that finds what `answer` says, and those who ask in it. */
function looking(
  answer: (wish: EarlierWish) => Promise<Earlier[]> | Earlier[],
  head: Storage['head'] = () => Promise.reject(new Error('no file is asked for')),
) {
  const wishes: EarlierWish[] = [];
  const { find } = createEarlierLooks({
    ledger: {
      findEarlier: async (wish) => {
        wishes.push(wish);
        return answer(wish);
      },
      find: () => new Promise(() => {}),
    },
    storage: {
      head,
      readPath: (text) => ({ scheme: 'oss', bucket: 'bucket', key: text }),
    },
    ...{ reserved: createNamedJobs(), claiming: createNamedJobs(), unwritten: async () => {} },
  });
  const ask = (changes: Partial<Search> = {}): Promise<Found | undefined> =>
    find({
      ...{ name: 'the same', live: () => [], call: { file: undefined } as CheckedCall, wait: false },
      wish: { role: 'role', roleOid: 1, requestKey: 'key', delivered: false, image: false },
      stop: new AbortController().signal,
      ...changes,
    });
  return { wishes, ask };
}

const many = (ask: () => Promise<Found | undefined>) => Promise.all(Array.from({ length: 1_000 }, ask));

test('where nothing is left for those who ask for the same, one look says so to all of them', async () => {
  const { wishes, ask } = looking(() => []);
  expect((await many(ask)).every((found) => found === undefined)).toBe(true);
  expect(wishes.length).toBe(1);
});

test('some find what there is, and one look more says that this was all', async () => {
  const { wishes, ask } = looking(({ except }) =>
    ['a', 'b', 'c'].filter((id) => !except.includes(id)).map((id) => earlier(id, `made as ${id}`)),
  );
  const found = (await many(ask)).filter((each) => each !== undefined);
  expect(found.map(({ result }) => result)).toEqual(['made as a', 'made as b', 'made as c']);
  expect(wishes.length).toBe(2);
});

test('what another gateway makes is told to all who ask for the same by one look, and waited for by one', async () => {
  const { wishes, ask } = looking(({ except }) =>
    except.includes('there') ? [] : [earlier('there', undefined)],
  );
  expect((await many(ask)).every((found) => found?.jobId === 'there')).toBe(true);
  expect(wishes.length).toBe(1);
  void ask({ wait: true });
  const others = await many(() => ask({ wait: true }));
  expect(others.every((found) => found === undefined)).toBe(true);
  expect(wishes.length).toBe(3);
});

test('who asks after a look has begun has one of their own', async () => {
  const answers: ((found: Earlier[]) => void)[] = [];
  const { wishes, ask } = looking(() => new Promise((resolve) => answers.push(resolve)));
  const first = ask();
  await expect.poll(() => answers.length).toBe(1);
  const second = ask();
  answers[0]?.([]);
  expect(await first).toBeUndefined();
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.([earlier('left since', 'made since')]);
  expect(await second).toMatchObject({ result: 'made since' });
  expect(wishes.length).toBe(2);
});

test('a store that does not answer for one file holds up nobody who takes another', async () => {
  const files = (id: string) => [{ ossPath: id }];
  const { ask } = looking(
    ({ except }) =>
      ['silent', 'there']
        .filter((id) => !except.includes(id))
        .map((id) => ({ ...earlier(id, id), files: files(id) })),
    async ({ key }) => {
      if (key === 'silent') await new Promise(() => {});
      return { bytes: 1, contentType: 'image/png', etag: '', lastModified: undefined };
    },
  );
  const call = { file: { right: {} } } as CheckedCall;
  void ask({ call });
  expect(await ask({ call })).toMatchObject({ result: 'there' });
});
