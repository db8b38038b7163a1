/** What was paid for an answer is the client's when it has the answer: where that does not reach it, the same request takes it. */
import OpenAI from 'openai';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OwnCloud, startOwnCloud } from '../calls/own-cloud.js';

let own: OwnCloud;
let owner: pg.Client;
let openai: OpenAI;

beforeAll(async () => {
  own = await startOwnCloud({}, { openaiPort: '0' });
  owner = await own.gateway.client();
  const { rows } = await owner.query<{ key: string }>("SELECT hologen.make_key('bot') AS key");
  openai = new OpenAI({ apiKey: rows[0]?.key ?? '', baseURL: own.gateway.openai });
});
afterAll(() => own?.close());

async function states(prompt: string): Promise<string[]> {
  const { rows } = await owner.query(
    `SELECT state FROM hologen_internal.job WHERE request::text LIKE '%' || $1 || '%' ORDER BY submitted_at`,
    [prompt],
  );
  return rows.map(({ state }) => state);
}

/** The client leaves when its call is where `reached` waits for, and before it can be told anything. */
async function leave(
  ask: (signal: AbortSignal) => Promise<unknown>,
  reached: () => Promise<void>,
): Promise<void> {
  const operator = await own.gateway.client();
  await operator.query('BEGIN');
  await operator.query('ALTER VIEW hologen.jobs SET (security_barrier)');
  const leaving = new AbortController();
  const left = expect(ask(leaving.signal)).rejects.toThrow();
  await reached();
  leaving.abort();
  await left;
  await operator.query('ROLLBACK');
}

/** No session of a request is open any more. */
async function requestsAreOver(): Promise<void> {
  const open = "SELECT FROM pg_stat_activity WHERE application_name = 'hologen openai'";
  await expect.poll(async () => (await owner.query(open)).rowCount).toBe(0);
}

test('pictures that could not be fetched for their client are taken by the same request', async () => {
  const asked = {
    ...{ model: 'qwen_image_2', prompt: 'a door that sticks', response_format: 'b64_json' as const },
  };
  own.studio.faults.add({ action: { kind: 'truncate', bytes: 100 }, method: 'GET', path: '/results/' });
  await expect(openai.images.generate(asked)).rejects.toThrow(/500/);
  await requestsAreOver();
  const { data } = await openai.images.generate(asked);
  expect(
    Buffer.from(data?.[0]?.b64_json ?? '', 'base64')
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  expect(await states('a door that sticks')).toEqual(['succeeded']);
  // What has reached its client is another one's the next time.
  await requestsAreOver();
  await openai.images.generate(asked);
  expect(await states('a door that sticks')).toEqual(['succeeded', 'succeeded']);
});

test('a text that is there, and whose client has left before it was told, is taken by the same request', async () => {
  const asked = { model: 'qwen_plus', messages: [{ role: 'user' as const, content: 'Name a hinge.' }] };
  await leave(
    (signal) => openai.chat.completions.create(asked, { signal }),
    () => expect.poll(() => states('Name a hinge.')).toEqual(['succeeded']),
  );
  await requestsAreOver();
  const { choices } = await openai.chat.completions.create(asked);
  expect(choices[0]?.message.content).toContain('Name a hinge.');
  expect(await states('Name a hinge.')).toEqual(['succeeded']);
});

test('a film is made when its client knows it by its id, and not for one that has left', async () => {
  const asked = { model: 'wan26_t2v', prompt: 'a hinge turns', seconds: '5', size: '1280x720' } as never;
  await leave(
    (signal) => openai.videos.create(asked, { signal }),
    () => expect.poll(() => states('a hinge turns')).toEqual(['submitted']),
  );
  await expect.poll(() => states('a hinge turns')).toEqual(['cancelled']);
  const { id } = await openai.videos.create(asked);
  const status = async () => (await openai.videos.retrieve(id)).status;
  await expect.poll(status, { timeout: 20_000 }).toBe('completed');
  expect(own.speaker.submits('wan2.6-t2v')).toBe(1);
});
