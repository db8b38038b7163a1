/** A wait is cancelled, and its answer comes: nobody reads it in another's place, and what it brought is at once there for whoever asks next. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DebianPostgres, startDebianPostgres } from '../debian-postgres.js';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

const slow = (prompt: string) => `{"prompt": "${prompt} [[sandbox:slow=700]]"}`;
const picture = (prompt: string) => `SELECT ai_gen('qwen_image_2', '${slow(prompt)}') AS made`;

// Before PostgreSQL 17 a cancel is noticed between two round trips only.
describe.each(['embedded', 'of Debian'])('on an engine %s', (engineOf) => {
  let engine: DebianPostgres | undefined;
  let gateway: TestGateway;
  let client: pg.Client;

  beforeAll(async () => {
    engine = engineOf === 'of Debian' ? await startDebianPostgres() : undefined;
    gateway = await startTestGateway(engine && { engineUrl: engine.url });
    client = await gateway.client();
    await client.query('CREATE TABLE made (made text)');
  });
  afterAll(async () => {
    await gateway?.close();
    await engine?.close();
  });

  const submits = async (prompt: string) =>
    (await gateway.requests()).filter(({ body }) => JSON.stringify(body).includes(prompt)).length;
  const isMade = (prompt: string) =>
    expect
      .poll(async () => {
        const { rows } = await client.query(
          "SELECT state FROM hologen.jobs WHERE request ->> 'prompt' LIKE $1",
          [`${prompt} %`],
        );
        return rows.map(({ state }) => state);
      })
      .toEqual(['succeeded']);

  test('a session whose waits were cancelled has the answers to its own questions from then on', async () => {
    const own = await gateway.client();
    const handles: string[] = [];
    for (const prompt of ['one', 'two'])
      handles.push(
        (await own.query('SELECT ai_submit($1, $2) AS handle', ['qwen_image_2', slow(prompt)])).rows[0]
          .handle,
      );
    for (const [index, handle] of handles.entries()) {
      await own.query(`SET statement_timeout = '${100 + 37 * index}ms'`);
      expect(await refusal(own.query('SELECT ai_wait($1)', [handle]))).toMatchObject({ code: '57014' });
      await own.query('SET statement_timeout = 0');
      const { rows } = await own.query(
        'SELECT ai_status($1) AS state, (SELECT count(*) FROM list_external_models()) > 0 AS listed',
        [handle],
      );
      expect(rows).toEqual([{ state: expect.stringMatching(/^(running|succeeded)$/), listed: true }]);
    }
    await own.query("SET statement_timeout = '150ms'");
    expect(await refusal(own.query(picture('three')))).toMatchObject({ code: '57014' });
    await own.query('SET statement_timeout = 0');
    const waited = await own.query('SELECT ai_wait($1) AS first, ai_wait($2) AS second', handles);
    const jobs = await client.query('SELECT job_id, result FROM hologen.jobs WHERE job_id::text = ANY ($1)', [
      handles,
    ]);
    const resultOf = (handle: string | undefined) =>
      jobs.rows.find(({ job_id: id }) => id === handle)?.result;
    expect(waited.rows).toEqual([{ first: resultOf(handles[0]), second: resultOf(handles[1]) }]);
    const { rows } = await own.query(picture('three'));
    expect(rows[0].made).toContain('image_urls');
    expect(await Promise.all(['one', 'two', 'three'].map(submits))).toEqual([1, 1, 1]);
  });

  /** Waits with a limit in a block that catches its end, and goes on. */
  const catching = (prompt: string, then = '', before = '', caught = 'NULL;') => `
    SET statement_timeout = '300ms';
    DO $$ BEGIN
      ${before}
      BEGIN
        PERFORM ai_gen('qwen_image_2', '${slow(prompt)}');
      EXCEPTION WHEN query_canceled THEN ${caught}
      END;
      WHILE NOT EXISTS (SELECT FROM hologen.jobs WHERE request ->> 'prompt' LIKE '${prompt} %' AND state = 'succeeded') LOOP
        PERFORM pg_sleep(0.02);
      END LOOP;
      PERFORM pg_sleep(0.2);
      ${then}
    END $$`;

  test('what a caught cancel left unread is for the next identical call of any session, though its own stays connected and asks nothing', async () => {
    const own = await gateway.client();
    await own.query(catching('left'));
    await client.query(picture('left'));
    expect(await submits('left')).toBe(1);
    expect((await own.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  test('what the block asks for after it has caught the cancel is taken up, not made again', async () => {
    const own = await gateway.client();
    await own.query(catching('again', `INSERT INTO made ${picture('again')};`));
    expect(await submits('again')).toBe(1);
    // It has been delivered by now.
    await client.query(picture('again'));
    expect(await submits('again')).toBe(2);
  });

  test('what the statement and its transaction have had before a caught cancel is delivered', async () => {
    const own = await gateway.client();
    await own.query('BEGIN');
    await own.query(`INSERT INTO made ${picture('earlier')}`);
    await own.query('SAVEPOINT here');
    await own.query(catching('caught', '', `INSERT INTO made ${picture('inside').replace('700', '10')};`));
    await own.query('COMMIT');
    await client.query(picture('earlier'));
    expect(await submits('earlier')).toBe(2);
    await client.query(picture('inside').replace('700', '10'));
    expect(await submits('inside')).toBe(2);
    await isMade('caught');
    await client.query(picture('caught'));
    expect(await submits('caught')).toBe(1);
  });

  /** It is made for nobody from then on. */
  const leave = async (prompt: string) => {
    const own = await gateway.client();
    await own.query("SET statement_timeout = '150ms'");
    expect(await refusal(own.query(picture(prompt)))).toMatchObject({ code: '57014' });
    await own.end();
  };

  test('whose wait for what another statement has left was cancelled leaves it too', async () => {
    await leave('left twice');
    const own = await gateway.client();
    await own.query(catching('left twice'));
    await client.query(picture('left twice'));
    expect(await submits('left twice')).toBe(1);
  });

  test('it is there for others as soon as that wait is cancelled, while its statement goes on', async () => {
    await leave('left early');
    const own = await gateway.client();
    const going = own.query(catching('left early', '', '', 'PERFORM pg_advisory_lock(20261129);'));
    const isCaught = async () =>
      (await client.query('SELECT FROM pg_locks WHERE objid = 20261129 AND granted')).rowCount;
    await expect.poll(isCaught).toBe(1);
    await client.query(picture('left early'));
    await going;
    expect(await submits('left early')).toBe(1);
  });
});
