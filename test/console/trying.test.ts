/** The console's page in a real Chromium: a form for each model, earlier statements, results beside their pictures, the money of months. */
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { type ConsolePage, openBrowser, openRoom } from './browser.js';
import { file, pictureOf } from './visitor.js';

let gateway: TestGateway;
let browser: Browser;
let opened: ConsolePage[] = [];

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startTestGateway(), openBrowser()]);
  const client = await gateway.client();
  await client.query(pictureOf('A boat on the canal'));
});
afterAll(async () => {
  await browser?.close();
  await gateway?.close();
});
afterEach(async () => {
  const faults = opened.flatMap((one) => one.faults);
  await Promise.all(opened.map(({ page }) => page.context().close()));
  opened = [];
  expect(faults).toEqual([]);
});

async function room(name: string, options: Parameters<typeof openRoom>[3] = {}): Promise<Page> {
  const one = await openRoom(browser, gateway, name, options);
  opened.push(one);
  return one.page;
}

test('the form of a model writes the statement and tells its price as it is filled; it runs as it stands', async () => {
  await gateway.forgetRequests();
  const page = await room('try');
  await page.click('text="Form"');
  await page.selectOption('select[name=model]', 'qwen_image_2');
  await page.fill('textarea[name=prompt]', "A ferryman's lamp");
  await page.waitForSelector('.form-price >> text=1 call, ¥0.20');
  await page.click('.chips >> text=1024 × 1024');
  await page.locator('.model-form input[type=range]').first().fill('3');
  await page.selectOption('select[name=place]', { label: 'oss://demo/pictures/' });
  await page.waitForSelector('.form-price >> text=1 call, ¥0.60');
  expect(await gateway.requests()).toEqual([]);
  const written = await page.locator('.editor').inputValue();
  expect(written).toContain("A ferryman''s lamp");
  await page.click('text=Run: 1 call, ¥0.60');
  await page.waitForSelector('.result-media img');
  await expect.poll(() => page.locator('.result-media img').count()).toBe(3);
  expect(await page.locator('.result .path').allInnerTexts()).toHaveLength(3);
  expect(await gateway.requests()).toHaveLength(1);
});

test('a reference is taken from the gallery by a press or by dragging, and left out again', async () => {
  const page = await room('try');
  await page.click('text="Form"');
  await page.selectOption('select[name=model]', 'wan26_i2v');
  await page.fill('textarea[name=prompt]', 'The boat leaves');
  await page.selectOption('select[name=place]', { label: 'oss://demo/pictures/' });
  const picture = page.locator('.references-form .strip button').first();
  await picture.dragTo(page.locator('.drop'));
  await expect.poll(() => page.locator('.editor').inputValue()).toContain('"img_url": "oss://demo/pictures/');
  await page.waitForSelector('text=/Run: 1 call, ¥/');
  await page.locator('.drop button').click();
  await expect.poll(() => page.locator('.editor').inputValue()).not.toContain('img_url');
  await picture.click();
  await expect.poll(() => page.locator('.drop button').count()).toBe(1);
  // Another model has other fields.
  await page.selectOption('select[name=model]', 'qwen_plus');
  expect(await page.locator('.drop, .chips').count()).toBe(0);
  await expect.poll(() => page.locator('.editor').inputValue()).toContain("'The boat leaves'");
});

test('pictures of a statement show while it still runs', async () => {
  const page = await room('try');
  await page.fill(
    '.editor',
    `SELECT ai_gen('qwen_image_2', json_build_object('prompt', '[[sandbox:slow=' || n * 30000 || ']] barge ' || n, 'output_dir', 'oss://demo/live/')::text, ${file})
     FROM generate_series(0, 1) AS n`,
  );
  await page.click('text=Estimate');
  await page.click('text=Run: 2 calls');
  await expect.poll(() => page.locator('.outcome .card').count(), { timeout: 20_000 }).toBe(1);
  expect(await page.locator('.outcome').innerText()).toContain('Running');
  await page.click('.actions >> text=Cancel');
  await page.waitForSelector('.outcome [role=alert]');
});

test('earlier statements tell what became of them, and come back into the editor', async () => {
  const client = await gateway.client();
  const statement = `SELECT ai_gen('qwen_image_2', '{"prompt": "[[sandbox:refuse]] an old sail"}')`;
  await client.query(statement).catch(() => {});
  const page = await room('try');
  await page.click('text=Earlier statements');
  const past = page.locator('.history li', { hasText: 'an old sail' });
  await past.locator('text=1 failed').waitFor();
  await past.locator('button').click();
  expect(await page.locator('.editor').inputValue()).toBe(statement);
});

test('Money is told by month, with a forecast, and as a file for spreadsheets', async () => {
  const page = await room('money');
  await page.click('text=12 months');
  await page.waitForSelector('text=Spent per month');
  expect(await page.locator('.plot svg g').count()).toBeGreaterThanOrEqual(12);
  const totals = await page.locator('.totals').innerText();
  expect(totals).toMatch(/This month\s+¥\d/);
  expect(totals).toMatch(/Month’s forecast\s+¥\d/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Download (CSV)')]);
  const csv = await readFile(await download.path(), 'utf8');
  expect(csv.split('\r\n')[0]).toBe('day,role,model,calls,pictures,seconds,tokens,price,currency');
  expect(csv).toMatch(/\d{4}-\d\d-\d\d,hologen,qwen_image_2,\d+,\d+,0,0,[\d.]+,CNY\r\n/);
});

test('on a phone nothing of the form and of results is cut', async () => {
  const page = await room('try', {
    viewport: { width: 390, height: 800 },
    colorScheme: 'dark',
    locale: 'zh-CN',
  });
  await page.click('text="表单"');
  await page.selectOption('select[name=model]', 'wan26_i2v');
  await page.waitForSelector('.drop');
  expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(
    0,
  );
});
