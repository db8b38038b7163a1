/** A gateway ends while calls of ai_submit wait in their line: they are sent by the next start, and none of them in between. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway } from '../gateway.js';
import { type OwnCloud, startOwnCloud } from './own-cloud.js';

let cloud: OwnCloud;
let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hologen-test-'));
  // An answer on its way keeps the gateway from ending; meanwhile the line could go on to its end.
  cloud = await startOwnCloud({ imageMs: 2_500 }, { dataDir, drainMs: '10000' });
});
afterAll(async () => {
  await cloud?.close();
  await rm(dataDir, { recursive: true, force: true });
});

test('what waits in its line at SIGTERM is not sent into a closed connection, and made by the next start', async () => {
  const { gateway, speaker, studio, store } = cloud;
  const client = await gateway.client();
  await client.query(
    `CALL register_external_model('slow', 'qwen-image-2.0', 'bailian', '{"submits_per_second": 5}', 'image-generation')`,
  );
  await client.query("SELECT ai_submit('slow', 'picture ' || n) FROM generate_series(1, 12) n");
  await expect.poll(() => speaker.submits('qwen-image-2.0')).toBeGreaterThan(0);
  await gateway.close();
  const before = speaker.submits('qwen-image-2.0');
  expect(before).toBeLessThan(12);

  await using next = await startTestGateway(
    {
      dataDir,
      sandbox: 'off',
      providerUrl: `${speaker.url}/api/v1`,
      apiKey: 'sk-test',
      ossEndpoint: store.url,
    },
    { modelStudio: studio.url, oss: store.url, sts: '' },
  );
  const owner = await next.client();
  const states = async () => (await owner.query('SELECT DISTINCT state FROM hologen.jobs')).rows;
  await expect.poll(states, { timeout: 20_000 }).toEqual([{ state: 'succeeded' }]);
  expect(speaker.submits('qwen-image-2.0')).toBe(12);
});

test('a film that ends while the gateway stops is written down before it is gone', async () => {
  const own = await mkdtemp(join(tmpdir(), 'hologen-test-'));
  const filming = await startOwnCloud({ videoMs: 1_500 }, { dataDir: own, drainMs: '10000', lookMs: '100' });
  try {
    const client = await filming.gateway.client();
    await client.query(
      "CALL register_external_model('film', 'wan2.6-t2v', 'bailian', '{}', 'video-generation')",
    );
    await client.query(`SELECT ai_submit('film', '{"prompt": "a door opens"}')`);
    await expect.poll(() => filming.speaker.submits('wan2.6-t2v')).toBe(1);
    await filming.gateway.close();
    const closedAt = new Date();
    await using next = await startTestGateway(
      {
        ...{ dataDir: own, sandbox: 'off', apiKey: 'sk-test', ossEndpoint: filming.store.url },
        providerUrl: `${filming.speaker.url}/api/v1`,
      },
      { modelStudio: filming.studio.url, oss: filming.store.url, sts: '' },
    );
    const { rows } = await (await next.client()).query('SELECT state, finished_at FROM hologen.jobs');
    expect(rows).toEqual([{ state: 'succeeded', finished_at: expect.any(Date) }]);
    expect(rows[0].finished_at.getTime()).toBeLessThan(closedAt.getTime());
  } finally {
    await filming.close();
    await rm(own, { recursive: true, force: true });
  }
});
