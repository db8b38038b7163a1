/** A call that is held up: the console says since when and why, where it is running and on its job's page, and no more when it goes on. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OwnCloud, type Said, startOwnCloud } from '../calls/own-cloud.js';
import { deploy } from '../calls/statements.js';
import { openBrowser, openRoom } from './browser.js';

const type = 'wan2.6-t2v';
let cloud: OwnCloud;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let client: pg.Client;
let model: string;
beforeAll(async () => {
  [cloud, browser] = await Promise.all([startOwnCloud({}, { lookMs: '100' }), openBrowser()]);
  client = await cloud.gateway.client();
  model = await deploy(client, type, 'video-generation');
});
afterAll(async () => {
  await browser?.close();
  await cloud?.close();
});

const task = { task_id: 'held', task_status: 'PENDING' };
const looks = (...said: Said[]) => cloud.speaker.script('/api/v1/tasks/held', ...said);

test.each([
  ['en-US', /Held up since .*20\d\d.*, and tried again: .*InvalidApiKey/],
  ['zh-CN', /自 .*20\d\d.* 起受阻，正在重试：.*InvalidApiKey/],
])('on its job’s page, in %s', async (locale, note) => {
  const { gateway, speaker } = cloud;
  speaker.script(type, { status: 200, body: { request_id: `s-${locale}`, output: task } });
  const refused = { status: 401, body: { code: 'InvalidApiKey', message: 'no', request_id: 'r' } };
  looks(...Array<Said>(10_000).fill(refused));
  const prompt = `waves, ${locale}`;
  const { rows } = await client.query('SELECT ai_submit($1, $2, NULL) AS handle', [
    model,
    JSON.stringify({ prompt }),
  ]);
  const job = await openRoom(browser, gateway, `job/${rows[0].handle}`, { locale });
  // A page of a job is not polled: whoever looks again sees what is.
  const lookAgain = async () => {
    await job.page.reload();
    await job.page.waitForSelector(`main >> text=${prompt}`);
    return job.page.locator('main').innerText();
  };
  await expect.poll(lookAgain, { timeout: 30_000 }).toMatch(note);
  const output = { ...task, task_status: 'SUCCEEDED', video_url: 'https://result.example/v.mp4' };
  looks({ status: 200, body: { request_id: 'r', output, usage: { video_count: 1 } } });
  const status = async () =>
    (await client.query('SELECT ai_status($1) AS state', [rows[0].handle])).rows[0].state;
  await expect.poll(status, { timeout: 90_000 }).toBe('succeeded');
  expect(await lookAgain()).not.toMatch(note);
  expect(job.faults).toEqual([]);
  await job.page.context().close();
});

test('where its statement waits', async () => {
  const { gateway, speaker } = cloud;
  speaker.script(type, { status: 200, body: { request_id: 's-now', output: task } });
  const failing = { status: 500, body: { code: 'InternalError', message: 'oh', request_id: 'r' } };
  looks(...Array<Said>(10_000).fill(failing));
  const made = client.query('SELECT ai_gen($1, $2, NULL) AS made', [model, '{"prompt": "waves, now"}']);
  const now = await openRoom(browser, gateway, 'now');
  const note = now.page.locator('main .note', { hasText: /Held up since .*: .*InternalError/ });
  await note.waitFor();
  const output = { ...task, task_status: 'SUCCEEDED', video_url: 'https://result.example/v.mp4' };
  looks({ status: 200, body: { request_id: 'r', output, usage: { video_count: 1 } } });
  expect((await made).rows[0].made).toContain('result.example');
  await note.waitFor({ state: 'detached' });
  expect(now.faults).toEqual([]);
});
