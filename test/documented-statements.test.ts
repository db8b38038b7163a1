/** Every SQL example of the documentation through the real psql: shapes, pictures, videos, saved files, progress. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  documentedStatements,
  filesOf,
  type PictureResult,
  shapeOf,
  type VideoResult,
} from './documented/statements.js';
import { startTestGateway, type TestGateway } from './gateway.js';
import { runProgram } from './programs.js';

let gateway: TestGateway;
let scratch: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  scratch = await mkdtemp(join(tmpdir(), 'hologen-documented-'));
});
afterAll(async () => {
  await gateway?.close();
  await rm(scratch, { recursive: true, force: true });
});

/** psql as a person starts it: no settings file, no TLS flags. */
function psql(url: string, ...more: string[]): Promise<{ stdout: string; stderr: string }> {
  return runProgram('psql', ['-X', '-A', '-t', '-v', 'ON_ERROR_STOP=1', ...more, url]);
}

async function download(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

/** `1024x1024` from the header of a PNG. */
function pngSize(bytes: Buffer): string {
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  expect(bytes.toString('latin1', 12, 16)).toBe('IHDR');
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
}

async function probeVideo(bytes: Buffer): Promise<unknown> {
  const file = join(scratch, 'probed.mp4');
  await writeFile(file, bytes);
  const { stdout } = await runProgram('ffprobe', [
    ...['-v', 'error', '-count_frames', '-select_streams', 'v:0', '-of', 'json'],
    ...['-show_entries', 'stream=codec_name,width,height,nb_read_frames:format=format_name,duration', file],
  ]);
  return JSON.parse(stdout);
}

/** The sandbox keeps OSS objects as plain files. */
function readObject(ossPath: string): Promise<Buffer> {
  return readFile(join(gateway.dataDir, 'sandbox', 'oss', ossPath.replace('oss://', '')));
}

test('psql without TLS flags speaks TLS', async () => {
  const { stdout } = await psql(gateway.url, '-c', '\\conninfo');
  expect(stdout).toMatch(/SSL connection \(protocol: TLSv1\.3/);
});

test('all eight printed examples are here', () => {
  expect(documentedStatements.map(({ name }) => name)).toEqual([
    '1-text-to-image',
    '2-text-to-image-saved',
    '3-image-editing',
    '4-multi-image-fusion',
    '5-text-to-video',
    '6-first-frame',
    '7-first-and-last-frame',
    '8-reference-video',
  ]);
});

describe.each(documentedStatements)('$name', (statement) => {
  let result: PictureResult | VideoResult;
  let stderr: string;

  beforeAll(async () => {
    await gateway.forgetRequests();
    const answer = await psql(gateway.url, '-f', statement.path);
    stderr = answer.stderr;
    result = JSON.parse(answer.stdout) as typeof result;
  });

  test('gives one row of the documented keys, order and types', () => {
    expect(JSON.stringify(shapeOf(result))).toBe(JSON.stringify(statement.shape));
    expect(result.usage).toEqual(statement.usage);
    // One of the printed prompts is longer than its model reads, and the person is told.
    const tooLong =
      /^psql:\S+ NOTICE: {2}prompt has \d+ characters; wan2\.2-kf2v-flash may read only the first 800 .*\n$/;
    expect(stderr.replace(tooLong, '')).toBe('');
  });

  test('is one call to the provider', async () => {
    expect(await gateway.requests()).toHaveLength(1);
  });

  test('its files are what was asked for, and saved files are the very same', async () => {
    const { urls, saved } = filesOf(result);
    const files = await Promise.all(urls.map(download));
    for (const file of files) {
      if (statement.durationSeconds === undefined) {
        expect(pngSize(file)).toBe(statement.size);
        continue;
      }
      const [width, height] = statement.size.split('x').map(Number);
      expect(await probeVideo(file)).toMatchObject({
        streams: [{ codec_name: 'h264', width, height, nb_read_frames: `${30 * statement.durationSeconds}` }],
        format: { format_name: expect.stringContaining('mp4'), duration: '5.000000' },
      });
    }
    const requestId = 'requestId' in result ? result.requestId : result.request_id;
    const ending = statement.durationSeconds === undefined ? 'png' : 'mp4';
    expect(saved).toEqual(statement.savedIn ? [`${statement.savedIn}${requestId}.${ending}`] : []);
    for (const [index, path] of saved.entries()) {
      expect((await readObject(path)).equals(files[index] as Buffer)).toBe(true);
    }
  });
});

test('the task of a video tells its prompt, its end and its times in order', async () => {
  const statement = documentedStatements.find(({ name }) => name === '5-text-to-video');
  const { stdout } = await psql(gateway.url, '-f', statement?.path ?? '');
  const { output } = JSON.parse(stdout) as VideoResult;
  expect(output.task_status).toBe('SUCCEEDED');
  expect(output.orig_prompt).toMatch(/^A chibi-style Liu Bei rides .* a leader's aura\. .* short video\.$/);
  const times = [output.submit_time, output.scheduled_time, output.end_time];
  for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
  expect(times.toSorted()).toEqual(times);
});

test('a result is text, and json to whoever casts it', async () => {
  const client = await gateway.client();
  const { text = '' } = documentedStatements[0] ?? {};
  const { rows, fields } = await client.query(text);
  expect(fields.map(({ name, dataTypeID }) => [name, dataTypeID])).toEqual([['ai_gen', 25]]);
  expect(JSON.parse(rows[0].ai_gen).image_oss_paths).toEqual([]);
});

describe('while a video takes its time', () => {
  let slow: TestGateway;
  const { path = '' } = documentedStatements.find(({ name }) => name === '6-first-frame') ?? {};

  beforeAll(async () => {
    slow = await startTestGateway({ sandboxVideoMs: '4000' });
  });
  afterAll(() => slow?.close());

  test('psql shows how far it is, unless told to be quiet', async () => {
    const [loud, quiet] = await Promise.all([
      psql(slow.url, '-f', path),
      psql(slow.url, '-q', '-c', 'SET ai_gen.progress = off', '-f', path),
    ]);
    expect(loud.stderr).toMatch(/NOTICE: {2}ai_gen: 1 running, [3-5] s \(wan26_i2v\)/);
    expect(quiet.stderr).toBe('');
    for (const { stdout } of [loud, quiet]) {
      expect(JSON.parse(stdout).output.task_status).toBe('SUCCEEDED');
    }
  });
});
