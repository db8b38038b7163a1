/** A gateway that knows a folder on disk beside OSS: pictures go there and are read from there, by SQL alone. */
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GalleryPage, JobDetails } from '../../../src/console/server/answers.js';
import { drivers as providers } from '../../../src/providers/drivers.js';
import { drivers } from '../../../src/storage/drivers.js';
import { rights } from '../../calls/statements.js';
import { signIn } from '../../console/visitor.js';
import { refusal, startTestGateway, type TestGateway } from '../../gateway.js';
import { folderDriver, keeper } from './driver.js';

let directory: string;
let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hologen-folder-'));
  await mkdir(join(directory, 'media'));
  gateway = await startTestGateway({ sandboxImageMs: '0' }, undefined, {
    stores: [...drivers, folderDriver(directory)],
    providers,
  });
  client = await gateway.client();
});
afterAll(async () => {
  await gateway?.close();
  await rm(directory, { recursive: true, force: true });
});

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A picture is made and saved; its path, as the result tells it. */
async function makePicture(request: object, file: readonly string[]): Promise<string> {
  const { rows } = await client.query(
    "SELECT ai_gen('qwen_image_2_pro', $1, to_file($2, $3, $4))::jsonb -> 'image_oss_paths' ->> 0 AS path",
    [JSON.stringify({ prompt: 'a lighthouse', ...request }), ...file],
  );
  return rows[0].path;
}

const inFolder = ['folder://media/', ...keeper];

test('a picture is saved into the folder, and its file is the picture', async () => {
  const path = await makePicture({ output_dir: 'folder://media/pictures/' }, inFolder);
  expect(path).toMatch(/^folder:\/\/media\/pictures\/[\w-]+\.png$/);
  const file = await readFile(join(directory, path.replace('folder://', '')));
  expect(file.subarray(0, 8)).toEqual(pngSignature);
  expect(file.length).toBeGreaterThan(1000);
});

test('a picture of the folder is a reference for the next one, at an address the provider could fetch', async () => {
  const drawn = await makePicture({ output_dir: 'folder://media/drawn/' }, inFolder);
  await gateway.forgetRequests();
  const edited = await makePicture(
    { reference_urls: [drawn], output_dir: 'folder://media/edited/' },
    inFolder,
  );
  expect(await readdir(join(directory, 'media/edited'))).toEqual([edited.split('/').at(-1)]);
  const [request] = await gateway.requests();
  expect(JSON.stringify(request?.body)).toMatch(/http:\/\/127\.0\.0\.1:\d+\/media%2Fdrawn%2F/);
});

test('file_url gives an address of what was saved', async () => {
  const path = await makePicture({ output_dir: 'folder://media/shown/' }, inFolder);
  const { rows } = await client.query('SELECT hologen.file_url($1) AS url', [path]);
  const picture = Buffer.from(await (await fetch(rows[0].url)).arrayBuffer());
  expect(picture).toEqual(await readFile(join(directory, path.replace('folder://', ''))));
});

test('the console shows a reference that lies in the folder', async () => {
  const drawn = await makePicture({ output_dir: 'folder://media/first/' }, inFolder);
  await makePicture({ prompt: 'at dusk', reference_urls: [drawn] }, inFolder);
  const visitor = await signIn(gateway);
  const { content: page } = await visitor.get<GalleryPage>('/api/gallery?text=at+dusk');
  const { content: job } = await visitor.get<JobDetails>(`/api/job?id=${page.jobs[0]?.id}`);
  const shown = await visitor.fetch(job.references[0]?.address ?? '');
  expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/png']);
  expect(Buffer.from(await shown.arrayBuffer())).toEqual(
    await readFile(join(directory, drawn.replace('folder://', ''))),
  );
});

test('OSS is served as before by the same gateway', async () => {
  const path = await makePicture({ output_dir: 'oss://bucket/path/' }, ['oss://bucket/path/', ...rights]);
  expect(path).toMatch(/^oss:\/\/bucket\/path\//);
});

test('a FILE of one store gives no right to the other', async () => {
  const error = await refusal(
    makePicture({ output_dir: 'folder://media/' }, ['oss://bucket/path/', ...rights]),
  );
  expect(error.code).toBe('22023');
  expect(error.message).toBe('the FILE gives access to oss://, and the path is one of folder://');
});

test('a stranger is refused before anything is sent', async () => {
  await gateway.forgetRequests();
  const error = await refusal(
    makePicture({ output_dir: 'folder://media/' }, ['folder://media/', 'on disk', 'a stranger']),
  );
  expect(error.code).toBe('42501');
  expect(await gateway.requests()).toEqual([]);
});

test('a scheme that no store has is refused, naming those there are', async () => {
  const error = await refusal(makePicture({ output_dir: 's3://media/' }, inFolder));
  expect(error.message).toBe(
    'output_dir is not an OSS path or a path of a folder: "s3://media/"; it must start with oss:// or folder:// and a bucket',
  );
});
