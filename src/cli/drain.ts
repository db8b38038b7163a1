/** `hologen drain` and `hologen undrain`: whether a gateway takes new calls. */
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { UsageError } from '../errors.js';
import { type Command, helpText } from './command.js';
import { operate, operatorFlags } from './operate.js';

const lookEveryMs = 500;

export const drainCommand: Command = {
  summary: 'take no new calls, and wait until those under way are over',
  help: helpText(
    'drain [--no-wait] [--at-most SECONDS] [options]',
    'The gateway takes no new calls from then on (57P03), and ends those it has begun; SQL without calls goes on. Says what is left,\nand ends when nothing is: then it can be stopped, and nobody loses a wait. Exit code 1 when something is left after --at-most: calls of\nai_submit go on with another gateway or the next start, those of statements end with it. As CALL drain_gateway().',
    operatorFlags,
    '\n  --no-wait                  say what is left, and do not wait for it\n  --at-most SECONDS          wait so long at most',
  ),
  run: (args) =>
    operate(args, { switches: ['no-wait'], texts: ['at-most'] }, ({ switches, given }) => {
      const seconds = readSeconds(given.get('at-most'));
      return async (client) => {
        await client.query('CALL hologen.drain_gateway()');
        if (!switches.has('no-wait')) return waitUntilDrained(client, seconds);
        console.log((await whatIsLeft(client)).said);
        return 0;
      };
    }),
};

export const undrainCommand: Command = {
  summary: 'take calls again after hologen drain',
  help: helpText(
    'undrain [options]',
    'The gateway takes calls again. As CALL undrain_gateway(); a restart does it too.',
    operatorFlags,
  ),
  run: (args) =>
    operate(args, {}, () => async (client) => {
      await client.query('CALL hologen.undrain_gateway()');
      console.log('calls are taken again');
      return 0;
    }),
};

function readSeconds(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--at-most must be a whole number of seconds, not "${text}"`);
}

async function waitUntilDrained(client: pg.Client, seconds: number): Promise<number> {
  const until = Date.now() + seconds * 1000;
  for (let before = ''; ; ) {
    const { count, said } = await whatIsLeft(client);
    if (said !== before) console.log(said);
    before = said;
    if (count === 0) return 0;
    if (Date.now() >= until) return 1;
    await delay(lookEveryMs);
  }
}

async function whatIsLeft(client: pg.Client): Promise<{ count: number; said: string }> {
  const { rows } = await client.query<{ statements: number; calls: number }>(
    'SELECT waiting_statements::int AS statements, open_calls::int AS calls FROM hologen.gateways WHERE serves_me',
  );
  const [left] = rows;
  // Its connection to the ledger has just been made anew.
  if (!left) return { count: 1, said: 'draining: what is left is not known at the moment' };
  const { statements, calls } = left;
  if (statements + calls === 0)
    return { count: 0, said: 'drained: nothing is left, and the gateway can be stopped' };
  return {
    count: statements + calls,
    said: `draining: ${statements} statements wait, ${calls} calls are open`,
  };
}
