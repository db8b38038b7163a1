/** The console's page in a real Chromium: what one does with what was made. */
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import { createOpenPages, openBrowser, openRoom } from './browser.js';
import { file, pictureOf } from './visitor.js';

let gateway: TestGateway;
let browser: Browser;
const pages = createOpenPages();

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startTestGateway(), openBrowser()]);
  const client = await gateway.client();
  await client.query("CREATE ROLE vera LOGIN PASSWORD 'secret'; GRANT hologen_viewer TO vera");
  await client.query("CREATE ROLE mara LOGIN PASSWORD 'secret'; GRANT hologen_maker TO mara");
  await client.query(pictureOf('A heron in the reeds', { parameters: { n: 3 } }));
  const { rows } = await client.query<{ path: string }>(
    "SELECT outputs -> 0 ->> 'ossPath' AS path FROM hologen.jobs ORDER BY submitted_at DESC LIMIT 1",
  );
  const edit = JSON.stringify({
    prompt: 'The heron at dusk',
    reference_urls: [rows[0]?.path],
    output_dir: 'oss://demo/dusk/',
    label: { sku: 'L-9', place: 'Pond' },
  });
  await client.query(`SELECT ai_gen('qwen_image_edit', '${edit}', ${file})`);
  await client.query(pictureOf('[[sandbox:refuse]]', { label: 'refused-7' })).catch(() => {});
  await client.query(
    `SELECT ai_gen('wan26_t2v', '{"prompt": "A heron flies", "parameters": {"size": "1280*720", "duration": 2}}')`,
  );
});
afterAll(async () => {
  await browser?.close();
  await gateway?.close();
});
afterEach(pages.close);

async function room(name: string, options: Parameters<typeof openRoom>[3] = {}): Promise<Page> {
  return pages.keep(await openRoom(browser, gateway, name, options));
}

async function jobOf(prompt: string): Promise<string> {
  const client = await gateway.client();
  const { rows } = await client.query<{ id: string }>(
    "SELECT job_id AS id FROM hologen.jobs WHERE request ->> 'prompt' = $1",
    [prompt],
  );
  return rows[0]?.id ?? '';
}

test.each([
  ['reeds HERON the', 'A heron in the reeds'],
  ['dusk/ .png', 'The heron at dusk'],
  ['oss://demo/dusk/', 'The heron at dusk'],
  ['sku: L-9, place: pond', 'The heron at dusk'],
  ['POND dusk', 'The heron at dusk'],
])(
  'the search finds words in any order, paths, file names and labels as cards show them: %s',
  async (text, prompt) => {
    const page = await room(`gallery?text=${encodeURIComponent(text)}`);
    await expect.poll(() => page.locator('.card .prompt').allInnerTexts()).toEqual([prompt]);
  },
);

test('a label ties a card to its row, on the card and on its job’s page, and finds also what failed', async () => {
  const page = await room('gallery?text=L-9');
  await expect.poll(() => page.locator('.card .label').allInnerTexts()).toEqual(['sku: L-9, place: Pond']);
  await page.click('.card a.card-words');
  await expect.poll(() => page.locator('dd.label').innerText()).toBe('sku: L-9, place: Pond');
  await page.goto('/#/gallery?state=failed&text=refused-7');
  await expect.poll(() => page.locator('.card .label').allInnerTexts()).toEqual(['refused-7']);
});

test('a job is found by its id, and what fits nothing is told apart from an empty gallery', async () => {
  const page = await room(`gallery?text=${await jobOf('A heron flies')}`);
  await expect.poll(() => page.locator('.card .prompt').allInnerTexts()).toEqual(['A heron flies']);
  await page.fill('input[name=text]', 'zebra');
  await page.waitForSelector('text=No match');
  await page.click('text=Clear filters');
  await expect.poll(() => page.locator('.card').count()).toBe(3);
});

test('pictures are shown whole, and the keys go along the gallery', async () => {
  const page = await room('gallery');
  await page.waitForSelector('.card img');
  const fit = await page.evaluate("getComputedStyle(document.querySelector('.card img')).objectFit");
  expect(fit).toBe('contain');
  await page.locator('.card a.card-words').first().click();
  const prompt = () => page.locator('.prompt-whole').innerText();
  await expect.poll(prompt).toBe('A heron flies');
  await page.keyboard.press('ArrowRight');
  await expect.poll(prompt).toBe('The heron at dusk');
  await page.keyboard.press('ArrowRight');
  await expect.poll(prompt).toBe('A heron in the reeds');
  await page.keyboard.press('ArrowLeft');
  await expect.poll(prompt).toBe('The heron at dusk');
  const direct = await room(`job/${await jobOf('The heron at dusk')}`);
  await direct.click('text=← Newer');
  await expect.poll(() => direct.locator('.prompt-whole').innerText()).toBe('A heron flies');
});

test('several pictures are a strip, each is downloaded under its own name', async () => {
  const page = await room(`job/${await jobOf('A heron in the reeds')}`);
  await expect.poll(() => page.locator('.strip button').count()).toBe(3);
  await page.locator('.strip button').nth(1).click();
  await expect.poll(() => page.locator('.made .path').innerText()).toMatch(/-2\.png$/);
  const name = (await page.locator('.made .path').innerText()).split('/').at(-1);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Download')]);
  expect(download.suggestedFilename()).toBe(name);
  const bytes = await readFile(await download.path());
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
});

test('a changed picture lies over what it was made from', async () => {
  const page = await room(`job/${await jobOf('The heron at dusk')}`);
  await page.click('text=Before and after');
  const slider = page.locator('.before-after input');
  await slider.fill('80');
  expect(await page.locator('.before-after img').nth(1).getAttribute('style')).toContain('80%');
});

test('from a picture to the same again, a change of it, and a film of it, priced and not yet made', async () => {
  await gateway.forgetRequests();
  const address = `job/${await jobOf('The heron at dusk')}`;
  const page = await room(address);
  await page.click('.made >> text="Again"');
  await page.waitForSelector('text=Run: 1 call, ¥0.20');
  const written = () => page.locator('.editor').inputValue();
  expect(await written()).toContain('The heron at dusk');
  for (const [button, words] of [
    ['Edit', ['reference_urls', 'oss://demo/dusk/']],
    ['Make a film', ['img_url', 'wan26_i2v']],
    ['Open in Try', ['The heron at dusk', 'qwen_image_edit']],
  ] as const) {
    await page.goto(`/#/${address}`);
    await page.click(`.made >> text="${button}"`);
    await page.waitForSelector('.editor');
    for (const word of words) expect(await written()).toContain(word);
    await page.click('text=Estimate');
    await page.waitForSelector('text=/Run: 1 call, ¥/');
  }
  expect(await gateway.requests()).toEqual([]);
});

test('an edit that is run lies over the picture that it was made from', async () => {
  const page = await room(`job/${await jobOf('The heron at dusk')}`);
  await page.click('.made >> text="Edit"');
  await expect.poll(() => page.locator('.editor').inputValue()).toContain('reference_urls');
  const written = await page.locator('.editor').inputValue();
  await page.fill('.editor', written.replace('…', 'The heron in the rain'));
  await page.click('text=Estimate');
  await page.click('text=/^Run: 1 call/');
  await page.click('.outcome .card a.card-words');
  await expect.poll(() => page.locator('.prompt-whole').innerText()).toBe('The heron in the rain');
  expect(await page.locator('.references .path').allInnerTexts()).toEqual([
    expect.stringContaining('oss://demo/dusk/'),
  ]);
  await page.click('text=Before and after');
  await expect.poll(() => page.locator('.before-after img').count()).toBe(2);
  await (await gateway.client()).query(
    "DELETE FROM hologen_internal.job WHERE request ->> 'prompt' = 'The heron in the rain'",
  );
});

test('a film is downloaded, asked for again and opened in Try as a picture is', async () => {
  const page = await room(`job/${await jobOf('A heron flies')}`);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('.made >> text=Download')]);
  expect((await readFile(await download.path())).subarray(4, 8).toString()).toBe('ftyp');
  expect(await page.locator('.made button').allInnerTexts()).not.toContain('Edit');
  for (const button of ['Again', 'Open in Try']) {
    await page.goto(`/#/job/${await jobOf('A heron flies')}`);
    await page.click(`.made >> text="${button}"`);
    await expect.poll(() => page.locator('.editor').inputValue()).toContain('A heron flies');
  }
});

test('many are chosen: as a ZIP, side by side, and picked with a remark', async () => {
  const page = await room('gallery?kind=pictures');
  await expect.poll(() => page.locator('.card').count()).toBe(2);
  for (const box of await page.locator('.chooser').all()) await box.check({ force: true });
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Download (ZIP)')]);
  const zip = (await readFile(await download.path())).toString('latin1');
  expect(download.suggestedFilename()).toBe('hologen.zip');
  // A name in each local header and in the directory at the end.
  expect(zip.match(/[\w-]+\.png/g)).toHaveLength(2 * 4);
  await page.click('.selection >> text=Pick');
  await expect.poll(() => page.locator('.card .verdict.picked').count()).toBe(2);
  await page.click('.selection >> text=Compare');
  await expect.poll(() => page.locator('.compared li').count()).toBe(4);
  await page.locator('.compared li').first().locator('.remark').fill('The light is right');
  await page.keyboard.press('Tab');
  const owner = await gateway.client();
  const remarks = () =>
    owner.query('SELECT verdict, remark, role_name FROM hologen.reviews WHERE remark IS NOT NULL');
  await expect
    .poll(async () => (await remarks()).rows)
    .toEqual([{ verdict: 'picked', remark: 'The light is right', role_name: 'hologen' }]);
  await page.locator('.compared li').nth(1).locator('text=Reject').click();
  const rejected = () => owner.query("SELECT FROM hologen.reviews WHERE verdict = 'rejected'");
  await expect.poll(async () => (await rejected()).rowCount).toBe(1);
  await page.goto('/#/gallery?verdict=rejected');
  await expect.poll(() => page.locator('.card').count()).toBe(1);
});

test('a viewer gives verdicts; who may not see a call gives none, and sees none', async () => {
  const id = await jobOf('A heron in the reeds');
  await (await gateway.client()).query('SELECT hologen.share_job($1)', [id]);
  const page = await room(`job/${id}`, { account: { role: 'vera', password: 'secret' } });
  await page.click('.verdicts >> text=Reject');
  await page.waitForSelector('.verdicts button[aria-pressed=true]');
  const mara = await gateway.clientOf('mara');
  expect((await mara.query('SELECT FROM hologen.reviews')).rowCount).toBe(0);
  expect(await refusal(mara.query("CALL hologen.review($1, 'picked')", [id]))).toMatchObject({
    code: '42704',
  });
  const owner = await gateway.client();
  expect(await refusal(owner.query("CALL hologen.review($1, 'fine')", [id]))).toMatchObject({
    code: '22023',
  });
  expect(await refusal(owner.query("CALL hologen.review($1, 'picked', NULL, 3)", [id]))).toMatchObject({
    code: '42704',
  });
  await owner.query("CALL hologen.review($1, 'picked'); ".replace('$1', `'${id}'`));
  expect(
    (
      await owner.query(
        'SELECT role_name, verdict FROM hologen.reviews WHERE job_id = $1 AND output = 0 ORDER BY 1',
        [id],
      )
    ).rows,
  ).toEqual([
    { role_name: 'hologen', verdict: 'picked' },
    { role_name: 'vera', verdict: 'rejected' },
  ]);
  await owner.query('CALL hologen.review($1, NULL)', [id]);
  expect(
    (
      await owner.query('SELECT FROM hologen.reviews WHERE job_id = $1 AND role_name = $2 AND output = 0', [
        id,
        'hologen',
      ])
    ).rowCount,
  ).toBe(0);
});

test('a film that was not saved says that it has expired, and is not asked for', async () => {
  const owner = await gateway.client();
  const id = await jobOf('A heron flies');
  await owner.query(
    "UPDATE hologen_internal.job SET generated_at = generated_at - interval '25 hours' WHERE job_id = $1",
    [id],
  );
  const page = await room(`job/${id}`);
  await page.waitForSelector('text=Expired: it was not saved to OSS');
  expect(await page.locator('.made >> text=Download').count()).toBe(0);
});
