/** Every page in every state, in both languages, on a wide window and on a phone: nothing is cut, nothing fails, nothing is said in English to who reads Chinese. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from './browser.js';
import { englishWords } from './english-words.js';
import { openWindows, type State, states } from './every-page.js';
import { startWorld, type World } from './world.js';

/** What `npm run screenshots` sets: where a picture of each state is kept, and where those of the documentation are. */
const { HOLOGEN_SCREENSHOTS: folder, HOLOGEN_DOCUMENTED_SCREENSHOTS: documentation } = process.env;
/** The states that docs/console.md shows. */
const documented = ['gallery', 'job', 'compare', 'now', 'models', 'money', 'people', 'try-form', 'try-rows'];

const widths = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

describe.each([
  ['en', 'en-US'],
  ['zh', 'zh-CN'],
] as const)('in %s', (language, locale) => {
  let world: World;
  let windows: ReturnType<typeof openWindows>;
  beforeAll(async () => {
    world = await startWorld(language);
    windows = openWindows(browser, world, { locale, viewport: widths.wide });
  });
  afterAll(async () => {
    await windows?.close();
    await world?.gateway.close();
  });

  test.each(states)('$name', async (state) => {
    const { page, faults } = await windows.show(state);
    if (language === 'zh') {
      expect((await englishWords(page, world.names)).join('\n')).toBe('');
      expect(
        await page
          .locator('.note.bad')
          .filter({ hasNotText: /[一-鿿]{3}/ })
          .count(),
      ).toBe(0);
    }
    for (const [width, viewport] of Object.entries(widths).reverse()) {
      await page.setViewportSize(viewport);
      await page.locator(state.shows).first().waitFor();
      expect(await page.locator('.sandbox-strip').isVisible()).toBe(true);
      if (folder) await keepPictures(page, `${folder}/${state.name}-${language}-${width}`);
      expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBe(0);
      expect(await page.evaluate(cutTexts)).toEqual([]);
    }
    expect(faults).toEqual([]);
    if (documentation && language === 'en' && documented.includes(state.name))
      await keepDocumented(page, state, documentation);
  });
});

/** Half the bytes that a PNG would have. */
async function keepDocumented(page: Page, { name, looksAt = 'h1' }: State, folder: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.waitForLoadState('networkidle');
  await page.evaluate(
    `window.scrollTo(0, document.querySelector('${looksAt}').getBoundingClientRect().top + scrollY - 130)`,
  );
  const picture = await loadImage(await page.screenshot({ animations: 'disabled' }));
  const canvas = createCanvas(picture.width, picture.height);
  canvas.getContext('2d').drawImage(picture, 0, 0);
  await writeFile(`${folder}/console-${name}.webp`, await canvas.encode('webp', 80));
}

async function keepPictures(page: Page, name: string): Promise<void> {
  await mkdir(dirname(name), { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${name}-${colorScheme}.png`, animations: 'disabled' });
  }
}

/** What of a table is beyond the edge of what scrolls, and words on buttons and in empty fields that do not fit. */
const cutTexts = `(() => {
const pen = document.createElement('canvas').getContext('2d');
const fields = [...document.querySelectorAll('main input[placeholder]')].filter((one) => {
  const { font, paddingLeft, paddingRight } = getComputedStyle(one);
  pen.font = font;
  const room = one.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  return one.offsetParent !== null && !one.value && pen.measureText(one.placeholder).width > room;
});
return [...document.querySelectorAll('main .scroll:not(.rows), main button, main .tag')]
  .filter((one) => one.offsetParent !== null && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
  .map((one) => one.className + ' ' + one.innerText.slice(0, 40))
  .concat(fields.map((one) => one.placeholder)); })()`;
