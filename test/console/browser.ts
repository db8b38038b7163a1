/** A real Chromium on the console, which notes whatever a page must not do. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type { TestGateway } from '../gateway.js';
import { ownerOf } from './visitor.js';

const executablePath = '/usr/bin/chromium';

export async function openBrowser(): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error('chromium is not on this machine: apt-get install chromium');
  }
  // Root has no user namespace to lock the pages into.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

export interface ConsolePage {
  page: Page;
  /** Errors, violations of the content security policy, requests to anybody else: none may come. */
  faults: string[];
}

/** The pages that a test has open. */
export interface OpenPages {
  keep(opened: ConsolePage): Page;
  /** Fails if one of them had a fault. */
  close(): Promise<void>;
}

export function createOpenPages(): OpenPages {
  const open: ConsolePage[] = [];
  return {
    keep(opened) {
      open.push(opened);
      return opened.page;
    },
    async close() {
      const closing = open.splice(0);
      await Promise.all(closing.map(({ page }) => page.context().close()));
      expect(closing.flatMap(({ faults }) => faults)).toEqual([]);
    },
  };
}

export async function openConsole(
  browser: Browser,
  gateway: TestGateway,
  options: BrowserContextOptions = {},
): Promise<ConsolePage> {
  const context = await browser.newContext({ locale: 'en-US', baseURL: gateway.console, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  const faults: string[] = [];
  const own = new URL(gateway.console).origin;
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    // Refused requests are told on the page; the browser's own line about them is no fault.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) {
      faults.push(`console: ${message.text()}`);
    }
  });
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== own) faults.push(`request to ${request.url()}`);
  });
  await page.goto('/');
  return { page, faults };
}

export async function signInOnPage(
  page: Page,
  { role, password }: { role: string; password: string },
): Promise<void> {
  await page.fill('input[name=role]', role);
  await page.fill('input[name=password]', password);
  await page.press('input[name=password]', 'Enter');
  await page.waitForSelector('main h1 >> visible=true');
}

/** The owner, at one of the rooms. */
export async function openRoom(
  browser: Browser,
  gateway: TestGateway,
  room: string,
  options: BrowserContextOptions & { account?: { role: string; password: string } } = {},
): Promise<ConsolePage> {
  const { account, ...context } = options;
  const opened = await openConsole(browser, gateway, context);
  await signInOnPage(opened.page, account ?? ownerOf(gateway));
  await opened.page.waitForSelector('.corner .role');
  await opened.page.goto(`/#/${room}`);
  return opened;
}
