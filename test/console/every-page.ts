/** Every page of the console in every state that it has: how one comes there, and what shows that it is there. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type ConsolePage, openRoom } from './browser.js';
import { file, ownerOf } from './visitor.js';
import type { World } from './world.js';

type Account = { role: string; password: string };

export interface State {
  name: string;
  room: string;
  /** A selector; the state is there when it is visible. */
  shows: string;
  /** A selector of what a picture of it is to show, where that is not at the top. */
  looksAt?: string;
  /** Who looks; the owner without it. */
  account?: Account;
  arrive?(page: Page): Promise<void>;
}

const maker: Account = { role: 'ling', password: 'secret' };
const viewer: Account = { role: 'vera', password: 'secret' };

const inEditor = (statement: string) => async (page: Page) => {
  await page.fill('textarea.editor', statement);
  await page.click('.actions button:nth-child(1)');
};
const run = (statement: string) => async (page: Page) => {
  await inEditor(statement)(page);
  await page.click('.actions button.primary:nth-child(2)');
};
const openCard = (text: string) => async (page: Page) => {
  await page.click(`.card:has-text("${text}") a.card-words`);
};

/** `job` finds one by a text that every language has. */
export const states: State[] = [
  { name: 'gallery', room: 'gallery', shows: '.card img' },
  { name: 'gallery-viewer', room: 'gallery', shows: '.empty', account: viewer },
  { name: 'gallery-no-match', room: 'gallery?text=zzzz', shows: '.empty button' },
  { name: 'gallery-failed', room: 'gallery?state=failed', shows: '.card .bad' },
  {
    name: 'gallery-expired',
    room: 'gallery?text=',
    shows: '.card .gone',
    arrive: (page) => page.locator('.gone').first().scrollIntoViewIfNeeded(),
  },
  {
    name: 'gallery-chosen',
    room: 'gallery',
    shows: '.chooser:checked',
    async arrive(page) {
      for (const at of [3, 4, 5]) await page.locator('.chooser').nth(at).check();
    },
  },
  { name: 'job', room: 'gallery?text=K-17', shows: '.made img', arrive: openCard('K-17') },
  { name: 'job-film', room: 'gallery?model=wan26_i2v', shows: '.made video', arrive: openCard('wan26_i2v') },
  { name: 'job-failed', room: 'gallery?state=failed', shows: '.job .note', arrive: openCard('qwen_image_2') },
  { name: 'job-text', room: 'gallery?model=qwen_plus', shows: '.job', arrive: openCard('qwen_plus') },
  { name: 'job-nobody', room: 'job/00000000-0000-4000-8000-000000000000', shows: '.note' },
  {
    name: 'compare',
    room: 'gallery?text=-',
    shows: '.compare img, .compared img',
    async arrive(page) {
      for (const at of [0, 1]) await page.locator('.chooser').nth(at).check();
      await page.click('a[href^="#/compare"], .selection button:nth-of-type(2)');
    },
  },
  { name: 'compare-none', room: 'compare', shows: '.empty' },
  { name: 'now', room: 'now', shows: '.statement .note' },
  { name: 'now-quiet', room: 'now', shows: '.empty', account: viewer },
  { name: 'models', room: 'models', shows: '.model' },
  {
    name: 'models-deploy',
    room: 'models',
    shows: 'input[name=config]',
    arrive: (page) => page.click('summary'),
  },
  { name: 'models-maker', room: 'models', shows: '.model', account: maker },
  { name: 'money', room: 'money', shows: '.budgets li' },
  { name: 'money-nothing', room: 'money', shows: '.empty, .totals', account: viewer },
  { name: 'people', room: 'people', shows: '.budgets li' },
  { name: 'try', room: 'try', shows: '.editor' },
  { name: 'try-maker', room: 'try', shows: '.note', account: maker },
  {
    name: 'try-form',
    room: 'try',
    shows: '.form-price:not(:empty)',
    async arrive(page) {
      await page.click('.page-title button');
      await page.fill('textarea[name=prompt]', 'A red enamel kettle on a wooden table');
    },
  },
  {
    name: 'try-form-film',
    room: 'try',
    shows: '.drop video',
    async arrive(page) {
      await page.click('.page-title button');
      await page.selectOption('select[name=model]', 'happyhorse-1.0-video-edit');
      await page.fill('textarea[name=prompt]', 'A1');
      await page.locator('.references-form .strip button').first().click();
      await page.locator('.form-price:not(:empty)').waitFor();
    },
  },
  {
    name: 'try-estimate',
    room: 'try',
    shows: '.panel table',
    arrive: inEditor("SELECT ai_gen('qwen_image_2', 'A1')"),
  },
  { name: 'try-error', room: 'try', shows: '.note.bad', arrive: inEditor("SELECT ai_gen('nobody', '42')") },
  {
    name: 'try-rows',
    room: 'try',
    shows: '.result img',
    looksAt: '.outcome',
    arrive: run(
      `SELECT product, ai_gen('qwen_image_2', json_build_object('prompt', product || ', oil on canvas', 'output_dir', 'oss://demo/try/'), ${file}) AS picture
FROM (VALUES ('A teapot'), ('A pear')) AS shop (product)`,
    ),
  },
];

/** A browser's window for each account, signed in once. */
export function openWindows(browser: Browser, world: World, options: BrowserContextOptions) {
  const windows = new Map<string, ConsolePage>();
  const windowOf = async (account: Account = ownerOf(world.gateway)): Promise<ConsolePage> => {
    const known = windows.get(account.role);
    if (known) return known;
    const opened = await openRoom(browser, world.gateway, 'compare', { ...options, account });
    windows.set(account.role, opened);
    return opened;
  };
  return {
    async show({ account, room, arrive, shows }: State): Promise<ConsolePage> {
      const opened = await windowOf(account);
      const { page } = opened;
      await page.goto('about:blank');
      await page.goto(`${world.gateway.console}#/${room}`);
      await arrive?.(page);
      await page.locator(shows).first().waitFor();
      return opened;
    },
    async close() {
      await Promise.all([...windows.values()].map(({ page }) => page.context().close()));
    },
  };
}
