/** An operator cancels what the gateway is writing into the ledger: it is written again, and nothing that is paid for is lost. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
});
afterAll(() => gateway?.close());

const waiting = `FROM pg_stat_activity WHERE application_name = 'hologen gateway' AND wait_event_type = 'Lock'`;

test.each(['pg_cancel_backend', 'pg_terminate_backend'])(
  'after %s the end of a picture is in the ledger, and its statement has it',
  async (end) => {
    const operator = await gateway.client();
    const request = JSON.stringify({ prompt: `${end} [[sandbox:slow=400]]` });
    const made = client.query('SELECT ai_gen($1, $2) AS made', ['qwen_image_2', request]);
    await expect.poll(async () => (await gateway.requests()).length).toBeGreaterThan(0);
    await operator.query('BEGIN; LOCK TABLE hologen_internal.job IN EXCLUSIVE MODE');
    const isWaiting = async () => (await operator.query(`SELECT ${waiting}`)).rowCount;
    await expect.poll(isWaiting, { timeout: 10_000 }).toBeGreaterThan(0);
    expect((await operator.query(`SELECT ${end}(pid) AS done ${waiting}`)).rows).toEqual([{ done: true }]);
    await operator.query('COMMIT');
    expect((await made).rows[0].made).toContain('image_urls');
    const written = async () =>
      (
        await client.query(
          "SELECT state, claimed_at IS NOT NULL AS claimed FROM hologen.jobs WHERE request ->> 'prompt' LIKE $1",
          [`${end} %`],
        )
      ).rows;
    await expect.poll(written).toEqual([{ state: 'succeeded', claimed: true }]);
  },
);
