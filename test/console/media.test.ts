/** Media of the console: signed addresses, streamed from where the files lie, never more than a picture or a video. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadImage } from '@napi-rs/canvas';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GalleryPage, JobCard, JobDetails } from '../../src/console/server/answers.js';
import { createSignedAddresses } from '../../src/console/server/signed-addresses.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { file, pictureOf, signIn, type Visitor } from './visitor.js';

let gateway: TestGateway;
let visitor: Visitor;

beforeAll(async () => {
  gateway = await startTestGateway();
  const client = await gateway.client();
  await client.query(pictureOf('A saved fox'));
  await client.query(`SELECT ai_gen('qwen_image_2', '{"prompt": "An unsaved fox"}')`);
  await client.query(`SELECT ai_gen('wan26_t2v', '{"prompt": "A running fox", "output_dir": "oss://demo/videos/",
    "parameters": {"size": "1280*720", "duration": 2}}', ${file})`);
  await client.query(`SELECT ai_gen('qwen_image_edit', '{"prompt": "The same at dusk",
    "reference_urls": ["oss://bucket/path/golden_man.png"]}', ${file})`);
  await client.query("CREATE ROLE painter LOGIN PASSWORD 'blue'");
  visitor = await signIn(gateway);
});
afterAll(() => gateway?.close());

async function jobOf(prompt: string): Promise<JobCard> {
  const { content } = await visitor.get<GalleryPage>(`/api/gallery?text=${encodeURIComponent(prompt)}`);
  const job = content.jobs.find((each) => each.prompt === prompt);
  if (!job) throw new Error(`no job of "${prompt}"`);
  return job;
}

test.each(['A saved fox', 'An unsaved fox'])(
  'the picture of "%s" is served whole and small',
  async (prompt) => {
    const [medium] = (await jobOf(prompt)).media;
    const whole = await visitor.fetch(medium?.address ?? '');
    expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'image/png']);
    const bytes = Buffer.from(await whole.arrayBuffer());
    expect(bytes.length).toBe(Number(whole.headers.get('content-length')));
    expect((await loadImage(bytes)).width).toBe(2048);
    const small = await visitor.fetch(medium?.thumbnail ?? '');
    expect([small.status, small.headers.get('content-type')]).toEqual([200, 'image/webp']);
    const thumbnail = Buffer.from(await small.arrayBuffer());
    expect((await loadImage(thumbnail)).width).toBe(480);
    expect(thumbnail.length).toBeLessThan(bytes.length);
  },
);

test('a medium opened by itself runs no script and is not guessed at', async () => {
  const [medium] = (await jobOf('A saved fox')).media;
  for (const address of [medium?.address, medium?.thumbnail]) {
    const { headers } = await visitor.fetch(address ?? '');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  }
});

test('small pictures are made once and kept in the data directory', async () => {
  const job = await jobOf('A saved fox');
  await (await visitor.fetch(job.media[0]?.thumbnail ?? '')).arrayBuffer();
  expect(await readdir(join(gateway.dataDir, 'thumbnails'))).toContain(`${job.id}-0.webp`);
});

test('a video is served in ranges', async () => {
  const [medium] = (await jobOf('A running fox')).media;
  expect(medium).toMatchObject({ kind: 'video', thumbnail: null });
  const whole = await visitor.fetch(medium?.address ?? '');
  expect([whole.headers.get('content-type'), whole.headers.get('accept-ranges')]).toEqual([
    'video/mp4',
    'bytes',
  ]);
  const bytes = Buffer.from(await whole.arrayBuffer());
  const part = await visitor.fetch(medium?.address ?? '', { headers: { range: 'bytes=100-199' } });
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${bytes.length}`]);
  expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(100, 200));
});

test('the references of a job are served with the right of its file', async () => {
  const { id } = await jobOf('The same at dusk');
  const { content: job } = await visitor.get<JobDetails>(`/api/job?id=${id}`);
  expect(job.references).toMatchObject([{ kind: 'picture', ossPath: 'oss://bucket/path/golden_man.png' }]);
  const response = await visitor.fetch(job.references[0]?.address ?? '');
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png']);
  await response.arrayBuffer();
});

test('an address that was altered, or belongs to another session, is refused', async () => {
  const job = await jobOf('A saved fox');
  const address = job.media[0]?.address ?? '';
  const other = await jobOf('An unsaved fox');
  const altered = [
    address.replace(job.id, other.id),
    address.replace(/until=\d+/, 'until=9999999999'),
    address.replace('form=whole', 'form=small'),
    address.replace('/0?', '/1?'),
    address.replace(/sig=../, 'sig=AA'),
    address.replace(/&sig=.*/, ''),
  ];
  for (const one of altered) expect([one, (await visitor.fetch(one)).status]).toEqual([one, 403]);
  expect((await visitor.fetch(address)).status).toBe(200);
  const second = await signIn(gateway);
  expect((await second.fetch(address)).status).toBe(403);
});

test('an address is good for an hour at most', () => {
  let now = Date.parse('2026-01-01T10:07:00Z');
  const addresses = createSignedAddresses(() => now);
  const name = { jobId: '73ba3b75-59bc-4591-872a-9c165902478e', place: 'r2', form: 'whole' } as const;
  const url = new URL(addresses.sign(name, 'one session'), 'http://console');
  expect(addresses.verify(url, 'one session')).toEqual(name);
  now += 30 * 60_000;
  expect(addresses.verify(url, 'one session')).toEqual(name);
  now += 30 * 60_000;
  expect(addresses.verify(url, 'one session')).toBeUndefined();
});

test('nobody gets media of jobs that are not theirs', async () => {
  const painter = await signIn(gateway, { role: 'painter', password: 'blue' });
  expect((await painter.get<GalleryPage>('/api/gallery')).content.jobs).toEqual([]);
  const { id } = await jobOf('A saved fox');
  expect((await painter.get(`/api/job?id=${id}`)).status).toBe(404);
});

test('a maker shares a job of its own, and a viewer gets its media until it is taken back', async () => {
  const client = await gateway.client();
  await client.query("CREATE ROLE max LOGIN PASSWORD 'red'; CREATE ROLE vic LOGIN PASSWORD 'green'");
  await client.query('GRANT hologen_maker TO max; GRANT hologen_viewer TO vic');
  await (await gateway.clientOf('max', 'red')).query(pictureOf('A shared fox'));
  const max = await signIn(gateway, { role: 'max', password: 'red' });
  const vic = await signIn(gateway, { role: 'vic', password: 'green' });
  const seen = async (by: Visitor) => (await by.get<GalleryPage>('/api/gallery')).content.jobs;
  const { id } = (await seen(max))[0] as JobCard;
  expect(await seen(vic)).toEqual([]);
  expect((await vic.post('/api/job/share', { id, shared: true })).status).toBe(403);
  expect(
    (await max.post('/api/job/share', { id: (await jobOf('A saved fox')).id, shared: true })).status,
  ).toBe(404);
  expect((await max.post('/api/job/share', { id, shared: true })).status).toBe(200);
  const [card] = await seen(vic);
  expect(card).toMatchObject({ id, role: 'max', prompt: 'A shared fox' });
  expect((await vic.fetch(card?.media[0]?.address ?? '')).status).toBe(200);
  const { content } = await vic.get<JobDetails>(`/api/job?id=${id}`);
  expect(content).toMatchObject({ shared: true, statement: null, price: null });
  expect((await max.post('/api/job/share', { id, shared: false })).status).toBe(200);
  expect(await seen(vic)).toEqual([]);
  expect((await vic.fetch(card?.media[0]?.address ?? '')).status).toBe(404);
});

test('what is neither a picture nor an MP4 is not served', async () => {
  const client = await gateway.client();
  const { id } = await jobOf('A saved fox');
  await client.query(
    `UPDATE hologen_internal.job SET outputs = '[{"url": "${gateway.sandbox.modelStudio}/_sandbox/requests"}]' WHERE job_id = $1`,
    [id],
  );
  const [medium] = (await jobOf('A saved fox')).media;
  expect((await visitor.fetch(medium?.address ?? '')).status).toBe(415);
});

test('a file that is gone is said to be gone', async () => {
  const client = await gateway.client();
  const { id } = await jobOf('A saved fox');
  const outputs = '[{"url": "http://127.0.0.1:9/x.png", "ossPath": "oss://demo/not-there.png"}]';
  await client.query('UPDATE hologen_internal.job SET outputs = $2 WHERE job_id = $1', [id, outputs]);
  const [medium] = (await jobOf('A saved fox')).media;
  expect((await visitor.fetch(medium?.address ?? '')).status).toBe(410);
});
