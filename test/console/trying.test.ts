/** The console's page in a real Chromium: a form for each model, earlier statements, results beside their pictures, the money of months. */
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { createOpenPages, openBrowser, openRoom } from './browser.js';
import { file, pictureOf } from './visitor.js';

let gateway: TestGateway;
let browser: Browser;
const pages = createOpenPages();

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startTestGateway(), openBrowser()]);
  const client = await gateway.client();
  await client.query(pictureOf('A boat on the canal'));
  const film = {
    prompt: 'A boat turns',
    parameters: { size: '1280*720', duration: 3 },
    output_dir: 'oss://demo/films/',
  };
  await client.query(`SELECT ai_gen('wan26_t2v', '${JSON.stringify(film)}', ${file})`);
});
afterAll(async () => {
  await browser?.close();
  await gateway?.close();
});
afterEach(pages.close);

async function room(name: string, options: Parameters<typeof openRoom>[3] = {}): Promise<Page> {
  return pages.keep(await openRoom(browser, gateway, name, options));
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

test('a table of one’s own is estimated, run and shown by the name that it has for its owner', async () => {
  const client = await gateway.client();
  await client.query(
    `CREATE ROLE shopkeeper LOGIN PASSWORD 'secret'; CREATE SCHEMA shop AUTHORIZATION shopkeeper;
     ALTER ROLE shopkeeper SET search_path = shop`,
  );
  const keeper = await gateway.clientOf('shopkeeper');
  await keeper.query("CREATE TABLE lamp (name text); INSERT INTO lamp VALUES ('a lamp of brass')");
  const account = { role: 'shopkeeper', password: 'secret' };
  const page = await room('try', { account });
  await page.fill('.editor', "SELECT name, ai_gen('qwen_image_2', name) FROM lamp");
  await page.click('text="Estimate"');
  await page.click('text=Run: 1 call, ¥0.20');
  await page.waitForSelector('.rows >> text=a lamp of brass');
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
  // What is saved nowhere is made of it all the same.
  await page.selectOption('select[name=place]', '-1');
  await expect.poll(() => page.locator('.editor').inputValue()).not.toContain('output_dir');
  await page.waitForSelector('text=/Run: 1 call, ¥/');
  // Another model has other fields.
  await page.selectOption('select[name=model]', 'qwen_plus');
  expect(await page.locator('.drop, .chips').count()).toBe(0);
  await expect.poll(() => page.locator('.editor').inputValue()).toContain("'The boat leaves'");
});

test('who has saved nothing yet saves to a place that an administrator has named', async () => {
  const owner = await gateway.client();
  await owner.query(
    "CALL set_place('shop', 'oss://demo/shop/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')",
  );
  await owner.query("CREATE ROLE mara LOGIN PASSWORD 'secret'");
  const page = await room('try', { account: { role: 'mara', password: 'secret' } });
  await page.click('text="Form"');
  await page.selectOption('select[name=model]', 'qwen_image_2');
  await page.fill('textarea[name=prompt]', 'A lighthouse');
  expect(await page.locator('select[name=place] option').allInnerTexts()).toHaveLength(2);
  await page.selectOption('select[name=place]', { label: 'oss://demo/shop/' });
  await page.click('text=Run: 1 call, ¥0.20');
  await expect
    .poll(() => page.locator('.result .path').allInnerTexts())
    .toEqual([expect.stringMatching(/^oss:\/\/demo\/shop\/.+\.png$/)]);
});

test('every model has a form of its own fields, and what it writes is taken and priced', async () => {
  const page = await room('try');
  await page.click('text="Form"');
  await page.fill('textarea[name=prompt]', 'A boat at dawn');
  await page.selectOption('select[name=place]', { label: 'oss://demo/pictures/' });
  const models = await page.locator('select[name=model] option').allInnerTexts();
  expect(models.length).toBeGreaterThan(10);
  const answers = new Map<string, Promise<unknown>>();
  page.on('response', (response) => {
    if (response.url().endsWith('/api/estimate'))
      answers.set(response.request().postDataJSON().statement, response.json());
  });
  const said: [model: string, answer: unknown][] = [];
  for (const model of models) {
    await page.selectOption('select[name=model]', model);
    const taken = page.locator('.drop button');
    if ((await page.locator('.references-form').count()) > 0 && (await taken.count()) === 0) {
      await page.locator('.references-form .strip button').first().click();
      await taken.waitFor();
    }
    const chip = page.locator('.chips button').first();
    if ((await chip.count()) > 0) await chip.click();
    const written = () => page.locator('.editor').inputValue();
    await expect.poll(written).toContain(`'${model}'`);
    await expect.poll(async () => answers.has(await written())).toBe(true);
    said.push([model, await answers.get(await written())]);
  }
  expect(said).toEqual(models.map((model) => [model, [expect.objectContaining({ model, calls: 1 })]]));
});

test('the length of a film is drawn, and its price goes with it', async () => {
  const page = await room('try');
  await page.click('text="Form"');
  await page.selectOption('select[name=model]', 'wan26_t2v');
  await page.fill('textarea[name=prompt]', 'The boat turns');
  await page.click('.chips >> text=1280 × 720');
  const length = page.locator('label', { hasText: 'Length' }).locator('input[type=range]');
  for (const [seconds, price] of [
    ['4', '¥2.40'],
    ['10', '¥6.00'],
  ] as const) {
    await length.fill(seconds);
    await page.waitForSelector(`.form-price >> text=1 call, ${price}`);
    expect(await page.locator('.editor').inputValue()).toContain(`"duration": ${seconds}`);
  }
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

test('each result is read beside the picture of its own row', async () => {
  const page = await room('try');
  await page.fill(
    '.editor',
    `SELECT product, ai_gen('qwen_image_2', json_build_object('prompt', product, 'name', product, 'output_dir', 'oss://demo/rows/')::text, ${file})
     FROM (VALUES ('buoy'), ('anchor'), ('rope')) AS shop (product)`,
  );
  await page.click('text=Estimate');
  await page.click('text=Run: 3 calls');
  const rows = page.locator('.rows tbody tr');
  await expect.poll(() => rows.locator('.result-media img').count()).toBe(3);
  for (const [at, product] of ['buoy', 'anchor', 'rope'].entries()) {
    const row = rows.nth(at);
    expect(await row.locator('td').first().innerText()).toBe(product);
    expect(await row.locator('img').getAttribute('alt')).toBe(product);
    expect(await row.locator('.path').innerText()).toBe(`oss://demo/rows/${product}.png`);
    await row.locator('summary').click();
    expect(await row.locator('pre').innerText()).toContain(`"oss://demo/rows/${product}.png"`);
  }
});

test('earlier statements tell what became of them, and come back into the editor', async () => {
  const client = await gateway.client();
  const statement = `SELECT ai_gen('qwen_image_2', '{"prompt": "[[sandbox:refuse]] an old sail"}')`;
  await client.query(statement).catch(() => {});
  const page = await room('try');
  await page.click('text=Earlier statements');
  const past = page.locator('.history li', { hasText: 'an old sail' });
  await past.locator('text=1 failed').waitFor();
  const ran = page.locator('.history li', { hasText: 'A boat on the canal' });
  expect(await ran.locator('.meta').innerText()).toMatch(/1 call\s*¥0\.20$/);
  await past.locator('button').click();
  expect(await page.locator('.editor').inputValue()).toBe(statement);
});

test('Money is told by month, with a forecast, and as a file for spreadsheets, in which a name is no formula', async () => {
  const owner = await gateway.client();
  await owner.query(`CREATE ROLE "=1+销售, ""B""" LOGIN PASSWORD 'secret'`);
  await (await gateway.clientOf('=1+销售, "B"')).query("SELECT ai_gen('qwen_image_2', 'A pier')");
  // Of another contract, in another currency: sums of both say nothing.
  await owner.query(`INSERT INTO hologen_internal.attempt (job_id, attempt, role_name, database_name, application_name, statement_id, statement_at,
      model_name, model_type, outcome, units, price, currency, sent_at, ended_at)
    SELECT gen_random_uuid(), 1, 'hologen', 'd', 'a', gen_random_uuid(), now(), 'ours', 't', 'succeeded', '{}', 0.11, 'USD', now(), now()`);
  const page = await room('money');
  await page.click('text=USD');
  await page.click('text=12 months');
  await page.waitForSelector('text=Spent per month');
  expect(await page.locator('.plot svg g').count()).toBeGreaterThanOrEqual(12);
  const totals = await page.locator('.totals').innerText();
  expect(totals).toMatch(/This month\s+¥[\d.]+ \+ \$0\.11\s/);
  expect(totals).toMatch(/Month’s forecast\s+¥\d/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Download (CSV)')]);
  const csv = await readFile(await download.path(), 'utf8');
  expect(csv.split('\r\n')[0]).toBe('\uFEFFday,role,model,calls,pictures,seconds,tokens,price,currency');
  expect(csv).toContain(`,"'=1+销售, ""B""",qwen_image_2,1,1,0,0,0.2,CNY\r\n`);
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
