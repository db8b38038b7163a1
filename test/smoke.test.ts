import { expect, test } from 'vitest';
import { startTestGateway } from './gateway.js';

test('a picture comes back as a row', async () => {
  await using gateway = await startTestGateway();
  const client = await gateway.client();
  const { rows } = await client.query(
    `SELECT ai_gen('qwen_image_2_pro', '{"prompt": "a fox"}', NULL) AS result`,
  );
  expect(Object.keys(JSON.parse(rows[0].result))).toEqual([
    'requestId',
    'usage',
    'image_urls',
    'image_oss_paths',
  ]);
  expect(await gateway.requests()).toHaveLength(1);
});
