/** Old rows of the ledger are removed where that is wanted; what is unfinished, new, or made for nobody yet stays. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTestGateway } from '../gateway.js';

test('finished jobs and attempts go after their days, the rest stays', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'hologen-test-'));
  const first = await startTestGateway({ dataDir });
  const before = await first.client();
  const toFile = `to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')`;
  const picture = (prompt: string, into = '') =>
    before.query(
      `${into} SELECT ai_gen('qwen_image_2', json_build_object('prompt', '${prompt}', 'output_dir', 'oss://demo/kept/')::text, ${toFile})`,
    );
  await picture('old');
  await picture('new');
  await before.query('CREATE TEMP TABLE made (made text)');
  await before.query('BEGIN');
  await picture('unclaimed', 'INSERT INTO made');
  await before.query('ROLLBACK');
  await before.query(
    `UPDATE hologen_internal.job SET finished_at = finished_at - interval '31 days' WHERE request ->> 'prompt' <> 'new'`,
  );
  await before.query(`UPDATE hologen_internal.attempt SET ended_at = ended_at - interval '91 days' WHERE job_id IN
    (SELECT job_id FROM hologen_internal.job WHERE request ->> 'prompt' = 'old')`);
  await before.query(`UPDATE hologen_internal.statement SET noted_at = noted_at - interval '91 days'`);
  await first.close();

  const second = await startTestGateway({ dataDir, keepJobsDays: '30', keepUsageDays: '90' });
  const after = await second.client();
  const prompts = async () =>
    (await after.query(`SELECT request ->> 'prompt' AS prompt FROM hologen.jobs ORDER BY 1`)).rows;
  await expect.poll(prompts).toEqual([{ prompt: 'new' }, { prompt: 'unclaimed' }]);
  const texts = async () =>
    (await after.query('SELECT count(*)::int AS n FROM hologen_internal.statement')).rows;
  await expect.poll(texts).toEqual([{ n: 2 }]);
  expect((await after.query('SELECT count(*)::int AS n FROM hologen.usage')).rows).toEqual([{ n: 2 }]);
  await second.close();
  await rm(dataDir, { recursive: true, force: true });
});

test('a text that is paid for and that nobody has stays, whoever is to take it', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'hologen-test-'));
  const first = await startTestGateway({ dataDir });
  const before = await first.client();
  const text = `SELECT ai_gen('qwen_plus', 'a word')`;
  await before.query(`BEGIN; CREATE TEMP TABLE told AS ${text}; ROLLBACK`);
  const { rows } = await before.query(`SELECT ai_submit('qwen_plus', 'a handle') AS handle`);
  const states = async () => (await before.query('SELECT DISTINCT state FROM hologen.jobs')).rows;
  await expect.poll(states).toEqual([{ state: 'succeeded' }]);
  await before.query(`SELECT ai_gen('qwen_plus', 'delivered')`);
  await before.query(`UPDATE hologen_internal.job SET finished_at = finished_at - interval '31 days'`);
  await first.close();

  const second = await startTestGateway({ dataDir, keepJobsDays: '30' });
  const after = await second.client();
  const requests = async () =>
    (await after.query(`SELECT request #>> '{}' AS text FROM hologen.jobs ORDER BY 1`)).rows;
  await expect.poll(requests).toEqual([{ text: 'a handle' }, { text: 'a word' }]);
  await after.query(text);
  expect((await after.query('SELECT ai_wait($1) AS made', [rows[0].handle])).rows[0].made).toContain(
    'a handle',
  );
  expect(await second.requests()).toEqual([]);
  await second.close();
  await rm(dataDir, { recursive: true, force: true });
});
