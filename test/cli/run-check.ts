/** `hologen check` run to its end, and what it printed taken apart. */
import { expect } from 'vitest';
import { type Account, hologen } from './spawned-gateway.js';

export interface Checked {
  code: number | null;
  stdout: string;
  /** The first check whose name fits: `ok`, `note` or `failed`, and everything said about it. */
  of(name: string): { outcome: string; said: string };
}

export async function runCheck(
  args: string[],
  environment: NodeJS.ProcessEnv,
  account: Account = {},
): Promise<Checked> {
  const { code, stdout, stderr } = await hologen(['check', ...args], { environment, account });
  expect(stderr).toBe('');
  const paragraphs = stdout.split(/^(?=ok |note |failed )/m);
  return {
    code,
    stdout,
    of(name) {
      const found = paragraphs.find((text) => text.slice('failed  '.length).startsWith(name));
      return { outcome: found?.split(' ')[0] ?? 'not tried', said: found ?? stdout };
    },
  };
}
