/** What a FILE tells of its object, as functions and as JSON, and where there is none. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { putObject, rights } from '../calls/statements.js';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import { wavFile } from '../sandbox/model-studio/studio-client.js';

const picture = 'oss://bucket/path/golden_man.png';
const speech = 'oss://bucket/path/speech.wav';
let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  await putObject(gateway.dataDir, speech, wavFile(4));
});
afterAll(() => gateway?.close());

const one = async (sql: string) => {
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  return (rows[0] as unknown[])[0];
};
const file = (path: string) => `to_file('${path}', '${rights.join("', '")}')`;

test('a FILE tells size, type, etag and time of its object, and asks the store once', async () => {
  await putObject(gateway.dataDir, 'oss://bucket/facts/notes.pdf', Buffer.from('%PDF-1.7'));
  const facts = (path: string) =>
    one(`SELECT json_build_array(fl_get_size(f), fl_get_content_type(f), fl_get_file_type(f), fl_get_etag(f) ~ '^[0-9A-F]{32}$',
      fl_get_last_modified(f) > now() - interval '1 day') FROM ${file(path)} AS f`);
  expect(await facts('oss://bucket/facts/notes.pdf')).toEqual([8, 'application/pdf', 'document', true, true]);
  expect(await facts(speech)).toEqual([
    expect.any(Number),
    expect.stringMatching(/^audio\/(x-)?wav$/),
    'audio',
    true,
    true,
  ]);
  expect(await one(`SELECT fl_get_file_type(${file(picture)})`)).toBe('image');
  expect(
    await one(`SELECT fl_get_size(try_to_file('oss://bucket/none.png', '${rights[0]}', '${rights[1]}'))`),
  ).toBeNull();
  const missing = `SELECT fl_get_etag(ROW('oss://bucket/none.png', '${rights[0]}', '${rights[1]}')::hologen.file)`;
  expect((await refusal(client.query(missing))).code).toBe('58P01');
  const directory = `SELECT fl_get_size(${file('oss://bucket/facts/')})`;
  expect((await refusal(client.query(directory))).code).toBe('58P01');
});

test('a FILE is JSON with size, type, etag and time, and json_build_array has its three texts as before', async () => {
  await putObject(gateway.dataDir, 'oss://bucket/facts/notes.pdf', Buffer.from('%PDF-1.7'));
  const texts = {
    oss_path: 'oss://bucket/facts/notes.pdf',
    oss_endpoint: rights[0],
    role_arn: rights[1],
  };
  const whole = {
    ...texts,
    size: 8,
    content_type: 'application/pdf',
    etag: expect.stringMatching(/^[0-9A-F]{32}$/),
    last_modified: expect.stringMatching(/^20\d\d-/),
  };
  expect(await one(`SELECT ${file(texts.oss_path)}::json`)).toEqual(whole);
  expect(await one(`SELECT ${file(texts.oss_path)}::jsonb`)).toEqual(whole);
  expect(await one(`SELECT json_build_array(${file(texts.oss_path)})`)).toEqual([texts]);
  expect(await one(`SELECT ${file('oss://bucket/facts/')}::json ->> 'oss_path'`)).toBe('oss://bucket/facts/');
  expect(await one('SELECT NULL::file::json')).toBeNull();
  // What comes out goes in again.
  const again = `json_build_object('prompt', 'See {0}', 'args', json_build_array(${file(picture)}::json))`;
  expect(await one(`SELECT ai_gen('qwen_vl_plus', ${again})`)).toContain('Media: picture png');
});

test('try_to_file gives NULL where to_file raises', async () => {
  expect(await one(`SELECT try_to_file('oss://bucket/none.png', '${rights[0]}', '${rights[1]}')`)).toBeNull();
  expect(await one(`SELECT try_to_file('no path', '${rights[0]}', '${rights[1]}')`)).toBeNull();
  expect(await one(`SELECT (try_to_file('${picture}', '${rights[0]}', '${rights[1]}')).oss_path`)).toBe(
    picture,
  );
});

test('the calls of a statement that reads FILEs as JSON are at once', async () => {
  await client.query('CREATE TABLE places AS SELECT n FROM generate_series(1, 4) AS n');
  const startedAt = performance.now();
  const { rows } = await client.query(
    `SELECT ai_gen('qwen_plus', '[[sandbox:slow=2000]] ' || n || (${file(speech)}::json ->> 'size')) AS said FROM places`,
  );
  expect(rows).toHaveLength(4);
  // One after another they would take eight seconds.
  expect(performance.now() - startedAt).toBeLessThan(7000);
});
