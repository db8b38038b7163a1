/** Who vanishes without a word (a machine that loses its power, a network that is cut) is noticed: every connection that lasts is asked whether it is there. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DebianPostgres, startDebianPostgres } from '../debian-postgres.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let engine: DebianPostgres;
let gateway: TestGateway;
beforeAll(async () => {
  engine = await startDebianPostgres();
  gateway = await startTestGateway({ engineUrl: engine.url, callbackHost: '127.0.0.1' });
});
afterAll(async () => {
  await gateway?.close();
  await engine?.close();
});

const established = '01';
/** The kernel's timer of a connection that asks whether the other side is there, in the table's words; another one runs until what was sent has arrived. */
const keepingAlive = '02';

/** Of connections from this machine to a port, and back: which timer runs. @see https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt */
async function timersOf(which: (from: number, to: number) => boolean): Promise<Set<string | undefined>> {
  const text = `${await readFile('/proc/net/tcp', 'utf8')}${await readFile('/proc/net/tcp6', 'utf8').catch(() => '')}`;
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
  const portOf = (address = '') => Number.parseInt(address.split(':')[1] ?? '', 16);
  const own = rows.filter(([, from, to, state]) => state === established && which(portOf(from), portOf(to)));
  return new Set(own.map(([, , , , , timer]) => timer?.slice(0, 2)));
}

test.skipIf(process.platform !== 'linux')(
  'the engine, for sessions and for the gateway itself; clients; and the gateway, for the engine’s functions',
  async () => {
    const client = await gateway.client();
    await client.query('SELECT ai_gen(\'qwen_image_2\', \'{"prompt": "a lake"}\')');
    const engineAt = Number(new URL(engine.url).port);
    const frontAt = Number(new URL(gateway.url).port);
    const { rows } = await client.query(
      "SELECT substring(connection_string from 'port=(\\d+)')::int AS port FROM hologen_internal.gateway",
    );
    await expect.poll(() => timersOf((_from, to) => to === engineAt)).toEqual(new Set([keepingAlive]));
    await expect.poll(() => timersOf((from) => from === frontAt)).toEqual(new Set([keepingAlive]));
    await expect.poll(() => timersOf((_from, to) => to === rows[0].port)).toEqual(new Set([keepingAlive]));
  },
);
