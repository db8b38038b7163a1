/** A hostile wire, over real sockets: thousands of attacks beside thousands of good dialogues. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import {
  collected,
  cut,
  garbage,
  lyingFrame,
  pick,
  type Random,
  randomNumbers,
  seed,
} from './random-bytes.js';
import {
  bind,
  connectRaw,
  describe as describeFrame,
  execute,
  fields,
  frame,
  login,
  parse,
  query,
  type RawClient,
  row,
  startup,
  sync,
} from './raw-client.js';

const cases = { dialogues: 3_000, attacks: 2_000 };
const mostGrowth = 48 * 2 ** 20;

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

/** Things to say to an engine, each with what it must answer: DataRow values and errors in order. */
function dialogue(random: Random, own: string): { sent: Buffer[]; heard: string[]; ready: number } {
  const sent: Buffer[] = [];
  const heard: string[] = [];
  let ready = 0;
  for (let steps = 1 + random(5); steps > 0; steps -= 1) {
    const value = `${own} ${random(1000)} ✓`;
    ready += 1;
    switch (random(6)) {
      case 0:
        sent.push(query(`SELECT '${value}'`));
        heard.push(value);
        break;
      case 1:
        sent.push(query(`SET hg_mine = '${value}'; SHOW hg_mine`));
        heard.push(value);
        break;
      case 2:
        sent.push(
          parse('', 'SELECT $1::text'),
          bind('', '', [value]),
          describeFrame('P', ''),
          execute(''),
          sync,
        );
        heard.push(value);
        break;
      case 3:
        sent.push(query(`SELECT '${value}'; SELECT 1/0; SELECT 'never'`));
        heard.push(value, '22012');
        break;
      case 4:
        sent.push(parse('', 'SELECT nothing'), bind('', ''), execute(''), sync);
        heard.push('42703');
        break;
      default:
        sent.push(query(`SELECT '${value}' FROM generate_series(1, 3)`));
        heard.push(value, value, value);
    }
  }
  return { sent, heard, ready };
}

async function converse(client: RawClient, random: Random, own: string): Promise<void> {
  const { sent, heard, ready } = dialogue(random, own);
  for (const chunk of cut(Buffer.concat(sent), random)) client.socket.write(chunk);
  const answers: string[] = [];
  for (let left = ready; left > 0; left -= 1) {
    for (const answer of await client.until('Z')) {
      if (answer.type === 'D') answers.push(String(row(answer)[0]));
      if (answer.type === 'E') answers.push(String(fields(answer).C));
    }
  }
  expect(answers).toEqual(heard);
}

/** Connects, breaks the rules in one of many ways, and waits for the end. Every tenth has a session first. */
async function attack(random: Random): Promise<void> {
  const client = await connectRaw(gateway.url);
  const hello = startup({ user: 'hologen', database: 'hologen' });
  const inSession = random(10) === 0;
  if (inSession) {
    await login(client, gateway.url);
    await converse(client, random, 'before');
  } else if (random(3) > 0) {
    client.write(hello);
  }
  const last = pick(random, [
    [garbage(random, 2_000)],
    [lyingFrame(random), garbage(random, 200)],
    [frame('d', garbage(random, 50)), frame('p', garbage(random, 50)), execute('nowhere'), frame('c')],
    [query('SELECT 1').subarray(0, 1 + random(13))],
    [hello.subarray(0, random(hello.length))],
    [Buffer.from([0x16, 3, 1, 2, 0]), garbage(random, 500)],
    [frame('B', garbage(random, 100)), sync],
  ]);
  for (const chunk of cut(Buffer.concat(last), random)) client.socket.write(chunk);
  // Half of them hang up in good manners, the rest just go.
  if (random(2)) {
    client.socket.end();
    await client.closed();
  } else {
    await new Promise<void>((resolve) => client.socket.write(Buffer.alloc(0), () => resolve()));
    client.close();
  }
}

test('real connections: good clients hear only their own answers while others attack, and the gateway serves on', async () => {
  const atStart = await collected();
  const random = randomNumbers(seed + 4);
  const clients = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const client = await connectRaw(gateway.url);
      await login(client, gateway.url);
      return client;
    }),
  );
  const good = clients.map(async (client, index) => {
    const own = randomNumbers(seed + 100 + index);
    for (let count = index; count < cases.dialogues; count += clients.length) {
      await converse(client, own, `client ${index} dialogue ${count}`);
    }
  });
  const bad = Array.from({ length: 12 }, async (_, index) => {
    for (let count = index; count < cases.attacks; count += 12) await attack(random);
  });
  await Promise.all([...good, ...bad]);
  for (const client of clients) client.close();

  const newcomer = await gateway.client();
  expect((await newcomer.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  // The attackers' backends are gone too: nobody is left but the gateway's own and this one.
  const others = `SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend'
    AND application_name <> 'hologen gateway' AND pid <> pg_backend_pid()`;
  await expect.poll(async () => (await newcomer.query(others)).rowCount).toBe(0);

  const growth = (await collected()) - atStart;
  console.log(
    `fuzz seed ${seed}: ${cases.dialogues} dialogues beside ${cases.attacks} attacks, ${Math.round(growth / 2 ** 20)} MiB more heap`,
  );
  expect(growth).toBeLessThan(mostGrowth);
});
