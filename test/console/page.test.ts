/** The console as people use it, in a real Chromium on a real gateway. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';
import { createOpenPages, openBrowser, openConsole, openRoom, signInOnPage } from './browser.js';
import { file, ownerOf, pictureOf } from './visitor.js';

let gateway: TestGateway;
let browser: Browser;
const pages = createOpenPages();
const painter = { role: 'painter', password: 'blue' };
const injected = `<img src=x onerror=alert(1)><script>alert(2)</script> "&'<b>bold</b>`;

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startTestGateway(), openBrowser()]);
  const client = await gateway.client();
  await client.query("CREATE ROLE painter LOGIN PASSWORD 'blue'");
  await client.query(pictureOf('A fox by the river', { parameters: { n: 2 } }));
  await client.query("SELECT set_config('ai_gen.tag', $1, false)", [injected]);
  await client.query(pictureOf(injected, { label: injected, name: '<img src=x onerror=alert(3)>' }));
  await client.query('RESET ai_gen.tag');
  const { rows } = await client.query('SELECT job_id FROM hologen.jobs WHERE label IS NOT NULL');
  await client.query("CALL hologen.review($1, 'rejected', $2)", [rows[0].job_id, injected]);
  await client.query(`SELECT ai_gen('wan26_t2v', '{"prompt": "A running fox", "output_dir": "oss://demo/videos/",
    "parameters": {"size": "1280*720", "duration": 2}}', ${file})`);
  await client.query("SELECT ai_gen('qwen_plus', 'A word about foxes')");
});
afterAll(async () => {
  await browser?.close();
  await gateway?.close();
});
afterEach(pages.close);

async function room(name: string, options: Parameters<typeof openRoom>[3] = {}): Promise<Page> {
  return pages.keep(await openRoom(browser, gateway, name, options));
}

/** Nothing may be wider than the window. */
async function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
}

test('a wrong password is told on the form, the right one opens the gallery', async () => {
  const page = pages.keep(await openConsole(browser, gateway));
  await page.waitForSelector('input[name=role]');
  await signInOnPage(page, { role: 'hologen', password: 'wrong' });
  await page.waitForSelector('[role=alert] >> text=role or password is wrong');
  await signInOnPage(page, ownerOf(gateway));
  await page.waitForSelector('.card');
  expect(await page.title()).toBe('Gallery · hologen');
  await page.click('text=Sign out');
  await page.waitForSelector('input[name=password]');
});

test('the gallery shows what psql has just made, newest first', async () => {
  await runProgram('psql', [gateway.url, '-qAtc', pictureOf('Made in psql a moment ago')]);
  const page = await room('gallery');
  const first = page.locator('.card').first();
  await expect.poll(() => first.innerText()).toContain('Made in psql a moment ago');
  const picture = first.locator('img');
  await expect
    .poll(() => picture.evaluate((element: { naturalWidth: number }) => element.naturalWidth))
    .toBe(480);
});

test('what is made while one looks at the gallery comes in by itself', async () => {
  const page = await room('gallery');
  await page.waitForSelector('.card');
  await runProgram('psql', [gateway.url, '-qAtc', pictureOf('Made while somebody looks')]);
  await page.waitForSelector('.card >> text=Made while somebody looks');
});

test('filters narrow the gallery, stay in the address, and can be cleared', async () => {
  const page = await room('gallery');
  await page.waitForSelector('.card');
  const all = await page.locator('.card').count();
  await page.selectOption('select[name=kind]', 'videos');
  await expect.poll(() => page.locator('.card').count()).toBe(1);
  expect(page.url()).toContain('kind=videos');
  await page.click('text=Clear');
  await expect.poll(() => page.locator('.card').count()).toBe(all);
  await page.fill('input[name=text]', 'FOX BY THE');
  await expect.poll(() => page.locator('.card').count()).toBe(1);
  await page.reload();
  await expect.poll(() => page.locator('.card').count()).toBe(1);
  await page.fill('input[name=text]', '');
  await page.selectOption('select[name=model]', 'qwen_plus');
  await expect.poll(() => page.locator('.card').allInnerTexts()).toHaveLength(1);
  await page.fill('input[name=day]', '2001-02-03');
  await page.waitForSelector('text=No match');
});

test('a job has its pictures, prompt, timing, price, statement and the SQL that makes it again', async () => {
  const page = await room('gallery?text=river');
  await page.click('.card a.card-words');
  await page.waitForSelector('h1 >> text=Text to image');
  const text = await page.locator('main').innerText();
  for (const part of [
    'A fox by the river',
    'qwen_image_2',
    '¥0.40',
    '2 pictures',
    'Generating',
    'oss://demo/pictures/',
  ]) {
    expect(text).toContain(part);
  }
  await expect.poll(() => page.locator('.strip img').count()).toBe(2);
  await page.click('text=Share it');
  await page.waitForSelector('text=Viewers see this.');
  await page.click('text=Share it no longer');
  await page.waitForSelector('text=Viewers do not see this.');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.click('text=Copy SQL');
  await page.waitForSelector('text=Copied');
  const copied: string = await page.evaluate('navigator.clipboard.readText()');
  const client = await gateway.client();
  const { rows } = await client.query<{ ai_gen: string }>(copied);
  expect(JSON.parse(rows[0]?.ai_gen ?? '').image_oss_paths).toHaveLength(2);
});

test('a video plays where it is', async () => {
  const page = await room('gallery?kind=videos');
  await page.click('button.play');
  const video = page.locator('.card video');
  await expect
    .poll(() => video.evaluate((element: { currentTime: number }) => element.currentTime))
    .toBeGreaterThan(0.2);
});

test('a prompt, a label, a tag, a file name and a remark that look like a page stay texts', async () => {
  const page = await room('gallery?text=onerror');
  await expect.poll(() => page.locator('.prompt').first().innerText()).toBe(injected);
  await page.click('.card a.card-words');
  await expect.poll(() => page.locator('.prompt-whole').innerText()).toBe(injected);
  expect(await page.locator('dd.label').innerText()).toBe(injected);
  const tag = page.locator('.facts div', { hasText: /^Tag/ }).locator('dd');
  expect(await tag.innerText()).toBe(injected);
  expect(await page.locator('input.remark').inputValue()).toBe(injected);
  expect(await page.locator('main').innerText()).toContain('<img src=x onerror=alert(3)>');
  expect(await page.locator('main b, main script, main img[src=x]').count()).toBe(0);
});

test('Now shows a statement with its progress and cancels it', async () => {
  const client = await gateway.client();
  const failed = client
    .query(
      `SELECT ai_gen('qwen_image', json_build_object('prompt', '[[sandbox:slow=' || n * 60000 || ']] poster ' || n)::text)
       FROM generate_series(0, 2) AS n`,
    )
    .catch((error) => error);
  const page = await room('now');
  await page.waitForSelector('text=1 of 3 calls');
  const bar = page.locator('[role=progressbar]');
  expect(await bar.getAttribute('aria-valuenow')).toBe('1');
  expect(await page.locator('.statement').innerText()).toContain('hologen');
  await page.waitForSelector('tbody >> text=qwen-image');
  await page.click('.statement button');
  expect((await failed).code).toBe('57014');
  await page.waitForSelector('text=All quiet');
});

test('Now pauses and resumes what waits for a model, and says who has paused it', async () => {
  const client = await gateway.client();
  await client.query("SELECT ai_gen('qwen_image_2', 'a cup')");
  const page = await room('now');
  await page.click('button[aria-label="Pause qwen-image-2.0"]');
  await page.waitForSelector('text=paused by hologen since');
  const waits = client.query("SELECT ai_gen('qwen_image_2', 'another cup')");
  await page.waitForSelector('text=qwen-image-2.0 is paused by hologen');
  await page.click('button[aria-label="Resume qwen-image-2.0"]');
  expect((await waits).rowCount).toBe(1);
  await page.waitForSelector('button[aria-label="Pause qwen-image-2.0"]');
});

test('Now drains the gateway and tells what is left of it, and how many of a queue give way', async () => {
  const client = await gateway.client();
  await client.query("CALL pause_model('qwen_image_2'); SET ai_gen.priority = 'low'");
  const { rows } = await client.query("SELECT ai_submit('qwen_image_2', 'a cup that may wait') AS handle");
  const page = await room('now');
  await page.waitForSelector('tr:has-text("qwen-image-2.0") >> text=(1 give way)');
  await page.click('text=Take no new calls');
  await page.waitForSelector('text=This gateway takes no new calls: drained by hologen since');
  await page.waitForSelector('text=/open calls: [1-9]/');
  expect((await refusal(client.query("SELECT ai_gen('qwen_plus', 'hello')"))).code).toBe('57P03');
  await page.click('text=Take calls again');
  await page.waitForSelector('text=Take no new calls');
  await client.query("CALL resume_model('qwen_image_2')");
  expect((await client.query('SELECT ai_wait($1) AS made', [rows[0].handle])).rows[0].made).toContain(
    'image_urls',
  );
});

test('Try tells calls and price first, then runs and shows what came out', async () => {
  const page = await room('try');
  const run = page.locator('.actions button').nth(1);
  expect(await run.isDisabled()).toBe(true);
  await gateway.forgetRequests();
  await page.fill(
    '.editor',
    `SELECT n, ai_gen('qwen_image_2', json_build_object('prompt', 'tried ' || n, 'output_dir', 'oss://demo/tried/')::text, ${file})
     FROM generate_series(1, 2) AS n`,
  );
  await page.press('.editor', 'Control+Enter');
  await page.waitForSelector('text=Run: 2 calls, ¥0.40');
  expect(await gateway.requests()).toEqual([]);
  await page.press('.editor', 'Control+Enter');
  await page.waitForSelector('text=SELECT 2');
  await expect.poll(() => page.locator('.outcome .card').count()).toBe(2);
  expect(await page.locator('.outcome td').first().innerText()).toBe('1');
  await page.fill('.editor', 'SELECT broken');
  expect(await run.isDisabled()).toBe(true);
  await page.press('.editor', 'Control+Enter');
  await page.waitForSelector('[role=alert] >> text=column "broken" does not exist');
});

test('a statement that is tried can be cancelled', async () => {
  const page = await room('try');
  await page.fill('.editor', `SELECT ai_gen('qwen_image', '{"prompt": "[[sandbox:slow=600000]] endless"}')`);
  await page.click('text=Estimate');
  await page.click('text=Run: 1 call');
  await page.click('.actions >> text=Cancel');
  await page.waitForSelector('.outcome [role=alert] >> text=canceling statement due to user request');
});

test('the owner deploys a model, lets a role call it, and removes it', async () => {
  const page = await room('models');
  await page.click('summary');
  await page.fill('.deploy input[name=name]', 'poster_maker');
  await page.fill('.deploy input[name=type]', 'qwen-image-max');
  await page.click('.deploy button[type=submit]');
  const model = page.locator('.model', { has: page.locator('h2 >> text="poster_maker"') });
  await model.locator('input[name=role]').fill('painter');
  await model.locator('text=Allow').click();
  await model.locator('button.tag >> text=painter').waitFor();
  await model.locator('text=Remove').click();
  await model.locator('text=Really remove poster_maker').click();
  await expect.poll(() => model.count()).toBe(0);
});

test('who does not own hologen sees own jobs only and can deploy nothing', async () => {
  const page = await room('gallery', { account: painter });
  await page.waitForSelector('text=Nothing here yet');
  expect(await page.locator('select[name=role]').count()).toBe(0);
  await page.goto('/#/models');
  await page.waitForSelector('.model');
  expect(await page.locator('.deploy, .model button').count()).toBe(0);
  await page.waitForSelector('text=deployed and removed by administrators');
  await page.goto('/#/money');
  await page.waitForSelector('text=No budgets are set');
  expect(await page.locator('.deploy').count()).toBe(0);
});

test('Money adds up, and the owner sets a budget and sees what is left', async () => {
  const page = await room('money');
  await page.waitForSelector('.plot rect.series-0');
  expect(await page.locator('.totals').innerText()).toMatch(/¥\d/);
  await page.click('text=Set a budget');
  await page.fill('input[name=role]', 'painter');
  await page.fill('input[name=money]', '12.5');
  await page.click('.deploy button[type=submit]');
  await page.waitForSelector('text=¥12.50 left of ¥12.50 today');
  await page.click('.budgets button');
  await page.waitForSelector('text=No budgets are set');
});

test('People tells degrees, what was spent and what is left; an administrator changes a degree, and others do not have the page', async () => {
  const owner = await gateway.client();
  await owner.query(
    "CREATE ROLE ada LOGIN PASSWORD 'secret'; GRANT hologen_admin TO ada; CREATE ROLE vic LOGIN PASSWORD 'secret'",
  );
  const page = await room('people', { account: { role: 'ada', password: 'secret' } });
  const card = page.locator('.budgets li', { has: page.locator('h2', { hasText: /^vic$/ }) });
  await card.locator('select').selectOption('viewer');
  const degree = async () =>
    (await owner.query("SELECT degree FROM hologen.people WHERE role_name = 'vic'")).rows[0].degree;
  await expect.poll(degree).toBe('viewer');
  expect(await card.locator('.facts').innerText()).toMatch(/today ¥0\.00 in 0 calls/);
  // What the owner has granted, the owner takes back, and what an administrator has granted, too.
  await owner.query('GRANT hologen_viewer TO vic');
  await card.locator('select').selectOption('none');
  await page.waitForSelector('.note.bad');
  const owners = await room('people');
  await owners
    .locator('.budgets li', { has: owners.locator('h2', { hasText: /^vic$/ }) })
    .locator('select')
    .selectOption('none');
  await expect.poll(degree).toBe(null);
  const stranger = await room('gallery', { account: painter });
  await stranger.waitForSelector('text=Nothing here yet');
  expect(await stranger.locator('a[href="#/people"]').count()).toBe(0);
});

test('People shows passwords without an end, as keys have them, and a role that is named like a page', async () => {
  const owner = await gateway.client();
  const name = '<img src=x onerror=alert(1)>';
  await owner.query("SELECT hologen.make_key('shop-bot')");
  await owner.query(
    `CREATE ROLE "${name}" LOGIN VALID UNTIL '-infinity'; CREATE ROLE far LOGIN VALID UNTIL '294000-01-01'`,
  );
  const page = await room('people');
  for (const role of ['shop-bot', name, 'far'])
    await page.locator('.budgets h2', { hasText: role }).waitFor();
  expect(await page.locator('img[src=x]').count()).toBe(0);
});

test('everything can be reached with the keyboard, and focus can be seen', async () => {
  const page = await room('gallery');
  await page.reload();
  await page.waitForSelector('.card');
  const focused = () =>
    page.evaluate(`(() => { const e = document.activeElement;
      return (e.getAttribute('aria-label') ?? e.name ?? '') + ' ' + e.innerText; })()`) as Promise<string>;
  await page.keyboard.press('Tab');
  expect(await focused()).toContain('Skip to content');
  await page.keyboard.press('Enter');
  expect(await focused()).toContain('Gallery');
  const passed: string[] = [];
  // As many as there are filters, and the parts of a date, with some to spare.
  while (passed.length < 25 && !(await page.evaluate("document.activeElement.matches('a.card-words')"))) {
    await page.keyboard.press('Tab');
    passed.push(await focused());
    const outline = await page.evaluate(`(() => { const e = document.activeElement;
      return [getComputedStyle(e).outlineStyle, getComputedStyle(e, '::after').outlineStyle].join(' '); })()`);
    expect(outline, `outline of ${passed.at(-1)}`).toMatch(/solid|auto/);
  }
  for (const filter of ['text', 'kind', 'model', 'role', 'state', 'day']) {
    expect(passed.map((name) => name.split(' ')[0])).toContain(filter);
  }
  await page.keyboard.press('Enter');
  await page.waitForSelector('.job');
});

test.each([
  ['en-US', 'Gallery', '中文', '作品'],
  ['zh-CN', '作品', 'English', 'Gallery'],
])(
  'the page speaks the browser’s language (%s) and changes to the other',
  async (locale, title, button, other) => {
    const page = await room('gallery', { locale });
    await expect.poll(() => page.locator('h1').innerText()).toBe(title);
    await page.click(`text=${button}`);
    await expect.poll(() => page.locator('h1').innerText()).toBe(other);
    await page.reload();
    await expect.poll(() => page.locator('h1').innerText()).toBe(other);
  },
);

test.each(['gallery', 'gallery?text=river', 'now', 'models', 'money', 'people', 'try'])(
  'on a phone %s is never wider than the window, in the dark too',
  async (name) => {
    const page = await room(name, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
    await page.waitForSelector('.card, .empty, .model, .totals, .budgets li, .editor');
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    if (name.includes('river')) {
      await page.click('.card a.card-words');
      await page.waitForSelector('.job');
      expect(await overflow(page)).toBeLessThanOrEqual(0);
    }
  },
);

test('Now asks nothing while its tab is hidden', async () => {
  const page = await room('now');
  await page.clock.install();
  await page.reload();
  await page.waitForSelector('text=All quiet');
  let asked = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/api/now')) asked += 1;
  });
  const answered = page.waitForResponse(/api\/now/);
  await page.clock.runFor(1_500);
  await (await answered).finished();
  await page.evaluate(`Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })`);
  const before = asked;
  expect(before).toBeGreaterThan(0);
  await page.clock.runFor(60_000);
  expect(asked).toBe(before);
  const again = page.waitForRequest(/api\/now/);
  await page.evaluate(
    `(() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); })()`,
  );
  await again;
});
