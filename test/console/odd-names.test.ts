/** The console's page in a real Chromium: names, labels and errors that look like something else stay what they are. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';
import { createOpenPages, openBrowser, openRoom } from './browser.js';
import { file, pictureOf } from './visitor.js';

const markup = `<img src=x onerror=alert(1)><script>alert(2)</script>"&'`;
const names = ['木桌上的水壶-1', `quo'te "double"`, 'semi;colon: a*b?', 'A', '…🦊', '<b>bold'];

let gateway: TestGateway;
let browser: Browser;
const pages = createOpenPages();

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startTestGateway(), openBrowser()]);
  const client = await gateway.client();
  for (const name of names)
    await client.query(pictureOf('zipped', { name, parameters: { size: '1024*1024' } }));
  // Another directory's file of the same name, but for its case.
  await client.query(pictureOf('zipped', { name: 'a', output_dir: 'oss://demo/others/' }));
  const frame = 'oss://demo/pictures/A.png';
  const film = {
    ...{ prompt: 'zipped', first_frame_url: frame, last_frame_url: frame },
    output_dir: 'oss://demo/films/..\\..\\film.mp4',
  };
  await client.query(`SELECT ai_gen($1, $2, ${file})`, ['wan22_kf2v_flash', JSON.stringify(film)]);
});
afterAll(async () => {
  await browser?.close();
  await gateway?.close();
});
afterEach(pages.close);

async function room(name: string): Promise<Page> {
  return pages.keep(await openRoom(browser, gateway, name));
}

test('a ZIP has each file once, under a name that every disk takes and that leads nowhere else', async () => {
  const page = await room('gallery?text=zipped');
  await expect.poll(() => page.locator('.chooser').count()).toBe(names.length + 2);
  for (const box of await page.locator('.chooser').all()) await box.check({ force: true });
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Download (ZIP)')]);
  const list = `import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps([[i.filename, z.read(i)[:8].hex()] for i in z.infolist()]))`;
  const { stdout } = await runProgram('/usr/bin/python3', ['-c', list, await download.path()]);
  const files: [name: string, start: string][] = JSON.parse(stdout);
  expect(files.map(([name]) => name).sort()).toEqual(
    [
      ...['木桌上的水壶-1.png', `quo'te _double_.png`, 'semi;colon_ a_b_.png', '…🦊.png', '_b_bold.png'],
      ...['a.png', 'A (2).png', '.._.._film.mp4'],
    ].sort(),
  );
  for (const [name, start] of files)
    expect(start).toMatch(name.endsWith('.png') ? /^89504e47/ : /^.{8}66747970/);
});

test('an error that looks like a page stays a text, on the card, on its job’s page, below the editor and among earlier statements', async () => {
  const client = await gateway.client();
  const quoted = markup.replaceAll("'", "''");
  const statement = `SELECT ai_gen('qwen_image_2', '{"prompt": "[[sandbox:refuse]]"}') AS "${markup.replaceAll('"', '""')}" /* ${markup} */`;
  await client.query(statement).catch(() => {});
  await client.query(
    `UPDATE hologen_internal.job SET error = json_build_object('sqlstate', '22H01', 'message', $1::text, 'detail', $1::text) WHERE state = 'failed'`,
    [markup],
  );
  const page = await room('gallery?state=failed');
  await expect.poll(() => page.locator('.card .words').innerText()).toBe(markup);
  await page.click('.card a.card-words');
  await expect
    .poll(() => page.locator('.job .note.bad p').allInnerTexts())
    .toEqual([`${markup}22H01`, markup]);
  await page.goto('/#/try');
  await page.click('text=Earlier statements');
  const past = page.locator('.history li', { hasText: '[[sandbox:refuse]]' });
  expect(await past.locator('code').innerText()).toBe(statement);
  await page.fill('.editor', `SELECT '${quoted}'::int`);
  await page.click('text=Estimate');
  await expect.poll(() => page.locator('.note.bad').innerText()).toContain(markup);
  await page.fill('.editor', `SELECT '${quoted}' AS "${markup.replaceAll('"', '""')}"`);
  await page.click('text=Estimate');
  await page.click('.actions >> text=Run');
  await expect.poll(() => page.locator('.outcome td, .outcome th').allInnerTexts()).toEqual([markup, markup]);
  await page.fill(
    '.editor',
    `DO $$ BEGIN RAISE NOTICE '%', '${quoted}'; RAISE '%', '${quoted}' USING HINT = '${quoted}'; END $$`,
  );
  await page.click('text=Estimate');
  await expect.poll(() => page.locator('.note.bad').innerText()).toContain(markup);
  expect(await page.locator('main b, main script, main img[src=x]').count()).toBe(0);
});
