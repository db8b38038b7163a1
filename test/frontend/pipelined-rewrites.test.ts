/** Statements in flight together, some of them in other words than the client's: each error and tag is told about the client's own text. */
import { connect } from 'node:net';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import { pick, randomNumbers, seed } from './random-bytes.js';
import {
  bind,
  close,
  copyData,
  copyDone,
  describe as describeFrame,
  execute,
  type Frame,
  fields,
  login,
  parse,
  query,
  type RawClient,
  rawClient,
  row,
  session,
  sync,
  tags,
  types,
} from './raw-client.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

const errorOf = (frames: Frame[]) => fields(frames.find(({ type }) => type === 'E') as Frame);
/** PostgreSQL counts characters from 1. */
const positionOf = (text: string, word: string) => String(text.indexOf(word) + 1);

const shown = 'SHOW hg_pipelined';
/** Its text grows on the way: SHOW becomes a longer SELECT. */
const wrongBehindShow = `${shown}; SELECT nothing_here`;
const wrong = 'SELECT 1, nothing_here';

describe('simple queries sent at once', () => {
  test('each tag and position is told of its own text', async () => {
    const client = await session(gateway.url);
    const texts = [shown, 'SELECT 1', wrongBehindShow, wrong, `SELECT 2; ${shown}; SELECT 3`, shown, wrong];
    client.write(...texts.map(query));
    const answers = [];
    for (const _ of texts) answers.push(await client.until('Z'));
    expect(answers.map(tags)).toEqual([
      ['SHOW'],
      ['SELECT 1'],
      ['SHOW'],
      [],
      ['SELECT 1', 'SHOW', 'SELECT 1'],
      ['SHOW'],
      [],
    ]);
    expect(errorOf(answers[2] as Frame[]).P).toBe(positionOf(wrongBehindShow, 'nothing_here'));
    for (const index of [3, 6])
      expect(errorOf(answers[index] as Frame[]).P).toBe(positionOf(wrong, 'nothing_here'));
    client.close();
  });

  test('a COPY among them does not put them out of step', async () => {
    const client = await session(gateway.url);
    client.write(query('CREATE TEMP TABLE t (a int)'), query('COPY t FROM STDIN'), copyData('1\n'), copyDone);
    client.write(query(shown), query('COPY t FROM STDIN'), copyData('x\n'), copyDone, query(shown));
    const answers = [];
    for (let index = 0; index < 5; index += 1) answers.push(await client.until('Z'));
    expect(answers.map(tags)).toEqual([['CREATE TABLE'], ['COPY 1'], ['SHOW'], [], ['SHOW']]);
    client.close();
  });
});

describe('a pipeline of extended messages', () => {
  const run = (text: string) => [parse('', text), bind('', ''), describeFrame('P', ''), execute('')];

  test('as JDBC sends BEGIN ahead of the first statement: the tags are each one’s own', async () => {
    const client = await session(gateway.url);
    client.write(...run('BEGIN'), ...run(shown), ...run('SELECT 1'), ...run(shown), ...run('COMMIT'), sync);
    expect(tags(await client.until('Z'))).toEqual(['BEGIN', 'SHOW', 'SELECT 1', 'SHOW', 'COMMIT']);
    client.close();
  });

  test('an error behind a rewritten text keeps its position, and what is skipped is not waited for', async () => {
    const client = await session(gateway.url);
    client.write(...run(shown), ...run(wrong), ...run(shown), query(shown), sync, ...run(shown), sync);
    const failed = await client.until('Z');
    expect(tags(failed)).toEqual(['SHOW']);
    expect(errorOf(failed).P).toBe(positionOf(wrong, 'nothing_here'));
    expect(tags(await client.until('Z'))).toEqual(['SHOW']);
    client.write(...run('SELECT 1'), sync);
    expect(tags(await client.until('Z'))).toEqual(['SELECT 1']);
    client.close();
  });

  test('COPY inside, with the Sync of libpq that the engine passes over', async () => {
    const client = await session(gateway.url);
    client.write(query('CREATE TEMP TABLE t (a int)'));
    await client.until('Z');
    for (const data of ['1\n', 'x\n']) {
      client.write(...run('COPY t FROM STDIN'), sync);
      await client.until('G');
      client.write(copyData(data), copyDone, sync, ...run(shown), sync, query(shown));
      expect(tags(await client.until('Z'))).toEqual(data === '1\n' ? ['COPY 1'] : []);
      expect(tags(await client.until('Z'))).toEqual(['SHOW']);
      expect(tags(await client.until('Z'))).toEqual(['SHOW']);
    }
    client.close();
  });
});

describe('named statements and portals', () => {
  test('a statement prepared long ago keeps its tag, also between others', async () => {
    const client = await session(gateway.url);
    client.write(parse('shown', shown), parse('one', 'SELECT 1'), sync);
    await client.until('Z');
    for (let round = 0; round < 2; round += 1) {
      client.write(bind('', 'one'), execute(''), bind('p', 'shown'), execute('p'), sync);
      expect(tags(await client.until('Z'))).toEqual(['SELECT 1', 'SHOW']);
      client.write(bind('', 'shown'), execute(''), bind('', 'one'), execute(''), sync, query('SELECT 2'));
      expect(tags(await client.until('Z'))).toEqual(['SHOW', 'SELECT 1']);
      expect(tags(await client.until('Z'))).toEqual(['SELECT 1']);
    }
    client.close();
  });

  test('a name that was closed and given again is the new statement’s', async () => {
    const client = await session(gateway.url);
    const use = [bind('', 'name'), execute('')];
    client.write(parse('name', shown), ...use, close('S', 'name'), parse('name', 'SELECT 1'), ...use, sync);
    expect(tags(await client.until('Z'))).toEqual(['SHOW', 'SELECT 1']);
    client.write(query('DEALLOCATE name'), parse('name', shown), ...use, sync, ...use, sync);
    expect(tags(await client.until('Z'))).toEqual(['DEALLOCATE']);
    for (let round = 0; round < 2; round += 1) expect(tags(await client.until('Z'))).toEqual(['SHOW']);
    client.write(query('DISCARD ALL'), query("PREPARE name AS SELECT 'other'"), ...use, sync);
    for (const tag of ['DISCARD ALL', 'PREPARE', 'SELECT 1'])
      expect(tags(await client.until('Z'))).toEqual([tag]);
    client.close();
  });

  test('a Parse that fails leaves the name to the statement that has it', async () => {
    const client = await session(gateway.url);
    client.write(parse('name', shown), sync, parse('name', 'SELECT 1'), sync);
    await client.until('Z');
    expect(errorOf(await client.until('Z')).C).toBe('42P05');
    client.write(bind('', 'name'), execute(''), sync);
    expect(tags(await client.until('Z'))).toEqual(['SHOW']);
    client.close();
  });

  test('the position of an error that shows only when it runs is that of the text it was prepared with', async () => {
    const client = await session(gateway.url);
    const text = "/* a comment */ SELECT ai_gen('m', 'p'), fleeting FROM pg_temp.t";
    client.write(query("CREATE TEMP TABLE t AS SELECT 'x' AS fleeting"), parse('late', text), sync);
    await client.until('Z');
    expect(types(await client.until('Z'))).toBe('1 Z');
    client.write(query('ALTER TABLE t DROP fleeting'), query('SELECT 1'));
    for (let round = 0; round < 2; round += 1) await client.until('Z');
    client.write(bind('', 'late'), execute(''), sync);
    expect(errorOf(await client.until('Z'))).toMatchObject({ C: '42703', P: positionOf(text, 'fleeting') });
    client.write(describeFrame('S', 'late'), sync);
    expect(errorOf(await client.until('Z')).P).toBe(positionOf(text, 'fleeting'));
    client.close();
  });

  test('a portal left open is fetched from after other statements', async () => {
    const client = await session(gateway.url);
    client.write(query('BEGIN'), parse('', shown), bind('left', ''), parse('', 'SELECT 1'), bind('', ''));
    client.write(execute(''), execute('left'), sync, query('COMMIT'));
    expect(tags(await client.until('Z'))).toEqual(['BEGIN']);
    const answers = await client.until('Z');
    expect(tags(answers)).toEqual(['SELECT 1', 'SHOW']);
    expect(row(answers.findLast(({ type }) => type === 'D') as Frame)).toEqual(['']);
    client.close();
  });

  test('with a driver that sends its queries at once', async () => {
    const sql = postgres(gateway.url, { max: 1 });
    const repeated = async () => (await sql`SHOW hg_pipelined`).command;
    const failed = (text: string) => refusal(sql.unsafe(text));
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all([
        ...[repeated(), failed(wrong), sql`SELECT 1`.then(({ command }) => command)],
        ...[failed(wrongBehindShow), repeated(), sql.unsafe(shown).then(({ command }) => command)],
      ]);
      const told = answers.map((answer) => (typeof answer === 'string' ? answer : answer.position));
      const [first, second] = [wrong, wrongBehindShow].map((text) => positionOf(text, 'nothing_here'));
      expect(told).toEqual(['SHOW', first, 'SELECT', second, 'SHOW', 'SHOW']);
    }
    await sql.end();
  });

  test('names that the engine takes for one are one', async () => {
    const client = await session(gateway.url);
    const [long, same] = ['x'.repeat(70), 'x'.repeat(63)];
    client.write(parse(long, shown), bind(same, same), execute(long), close('S', same), sync);
    expect(tags(await client.until('Z'))).toEqual(['SHOW']);
    client.write(parse(same, 'SELECT 1'), bind('', long), execute(''), sync);
    expect(tags(await client.until('Z'))).toEqual(['SELECT 1']);
    client.close();
  });
});

describe('any pipeline', () => {
  /** Settings of the same length: one that PostgreSQL knows, and one that the gateway makes it know. */
  const [native, foreign] = ['geqo_seed', 'hg_seeded'];
  const random = randomNumbers(seed);
  const texts = [
    ...['SHOW geqo_seed', 'SELECT 1', 'SELECT 1, nothing_here', '', 'BEGIN', 'COMMIT', 'ROLLBACK'],
    ...[
      '/* geqo_seed */ SELECT nothing_here',
      'DEALLOCATE a',
      'DEALLOCATE ALL',
      'COPY t FROM STDIN',
      'COPY t TO STDOUT',
    ],
  ];
  const several = [
    ...texts,
    'SHOW geqo_seed; SELECT nothing_here',
    'SELECT 1; SHOW geqo_seed',
    'SHOW geqo_seed; SHOW geqo_seed',
  ];
  // Long enough to be rewritten in the process: what is sent behind such a text must wait for it.
  const long = `/* ${'x'.repeat(2100)} */`;
  texts.push(`${long} SHOW geqo_seed`, `/* geqo_seed */ ${long} SELECT nothing_here`);
  const name = () => pick(random, ['', '', 'a', 'b']);

  function pipeline(): Buffer[] {
    const steps: (() => Buffer[])[] = [
      () => [query(pick(random, several))],
      () => [parse(name(), pick(random, texts))],
      () => [parse('', pick(random, texts)), bind('', ''), describeFrame('P', ''), execute('')],
      () => [bind(name(), name())],
      () => [execute(name(), random(2))],
      () => [describeFrame(pick(random, ['S', 'P']), name())],
      () => [close(pick(random, ['S', 'P']), name())],
      () => [query('COPY t FROM STDIN'), copyData(pick(random, ['1\n', 'x\n'])), copyDone],
      () => [parse('', 'COPY t FROM STDIN'), bind('', ''), execute(''), copyData('1\n'), copyDone, sync],
      () => [sync],
      () => [copyDone],
    ];
    const frames = Array.from({ length: 1 + random(15) }, () => pick(random, steps)()).flat();
    // Whatever COPY is still open ends with the first, whatever is skipped with the second.
    return [...frames, copyDone, sync, query('ROLLBACK'), query("SELECT 'over'")];
  }

  async function answers(client: RawClient, frames: Buffer[]): Promise<string[]> {
    client.write(...frames);
    const told: string[] = [];
    for (;;) {
      const next = await client.frame();
      if (!next) return [...told, 'closed'];
      if (next.type === 'D' && row(next)[0] === 'over') break;
      if (next.type === 'C') told.push(`C ${tags([next])}`);
      else if (next.type === 'E') told.push(`E ${fields(next).C} ${fields(next).P}`);
      else told.push(next.type);
    }
    await client.until('Z');
    return told;
  }

  test('is answered as by the engine itself, had it known the setting', { timeout: 240_000 }, async () => {
    const socket = join(gateway.dataDir, 'engine/run/.s.PGSQL.5432');
    const direct = async () => {
      const client = rawClient(connect(socket));
      await login(client, gateway.url);
      return client;
    };
    const setUp = [query('CREATE TEMP TABLE t (a int)'), query("SELECT 'over'")];
    for (let count = 0; count < 150; count += 1) {
      const [theirs, ours] = await Promise.all([direct(), session(gateway.url)]);
      for (const client of [theirs, ours]) await answers(client, setUp);
      for (let round = 0; round < 3; round += 1) {
        const frames = pipeline();
        const inOurWords = frames.map((each) =>
          Buffer.from(each.toString('latin1').replaceAll(native, foreign), 'latin1'),
        );
        const expected = await answers(theirs, frames);
        const sent = frames.map((each) => JSON.stringify(each.toString('latin1'))).join(' ');
        const told = await answers(ours, inOurWords);
        if (expected.at(-1) !== 'closed') expect(told, `seed ${seed}: ${sent}`).toEqual(expected);
        else {
          // PostgreSQL closes over what it has not read, which resets the connection: the last answers may be lost on the way.
          const heard = told.slice(0, -1);
          expect([...heard, told.at(-1)], `seed ${seed}: ${sent}`).toEqual([
            ...expected.slice(0, heard.length),
            'closed',
          ]);
          break;
        }
      }
      theirs.close();
      ours.close();
    }
  });
});
