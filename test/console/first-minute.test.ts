/** The console's first minute in a browser: an address that signs in, the strip that says that nothing is spent, models with one click. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signInAddress } from '../../src/console/server/tickets.js';
import { readRunFile } from '../../src/run-file.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { openBrowser } from './browser.js';

let gateway: TestGateway;
let browser: Browser;
beforeAll(async () => {
  [gateway, browser] = await Promise.all([startTestGateway({ usualModels: 'off' }), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await gateway?.close();
});

test('a printed address opens the gallery signed in, once, and models come with one click', async () => {
  const { ticketKey } = (await readRunFile(gateway.dataDir)) ?? {};
  const address = signInAddress(gateway.console, ticketKey ?? '');
  const page = await browser.newPage();
  await page.goto(address);
  await page.waitForSelector('.account, .role');
  expect(await page.textContent('.sandbox-strip')).toContain('Nothing is spent');
  expect(page.url()).not.toContain('ticket');
  await page.click('text=中文');
  expect(await page.textContent('.sandbox-strip')).toContain('不产生任何费用');
  await page.goto(`${gateway.console}#/models`);
  await page.click('text=部署常用模型');
  await page.waitForSelector('text=qwen_image_2_pro');

  const stranger = await (await browser.newContext()).newPage();
  await stranger.goto(address);
  await stranger.waitForSelector('input[name=password]');
  // Before one has signed in, too.
  expect(await stranger.textContent('.sandbox-strip')).toContain('Nothing is spent');
});
