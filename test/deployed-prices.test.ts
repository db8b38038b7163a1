/** What a deployed model costs, as hologen.models tells: its own price where it has one, and not the list's. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
let client: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
});
afterAll(() => gateway?.close());

let deployed = 0;
async function told(type: string, task: string, config: object): Promise<Record<string, unknown>> {
  deployed += 1;
  const name = `priced_${deployed}`;
  await client.query('CALL register_external_model($1, $2, $3, $4, $5)', [
    ...[name, type, 'bailian', JSON.stringify(config), task],
  ]);
  const { rows } = await client.query('SELECT * FROM hologen.models WHERE model_name = $1', [name]);
  return rows[0];
}
const keys = [
  { name: 'main', api_key: 'sk-1' },
  { name: 'other', api_key: 'sk-2', price: { per_picture: 0.3 } },
];

test.each([
  ['qwen-image-2.0', 'image-generation', {}, 'CNY 0.2 a picture'],
  ['qwen-image-2.0', 'image-generation', { price: { per_picture: 0.18 } }, 'CNY 0.18 a picture'],
  ['qwen-image-2.0', 'image-generation', { pool: keys }, 'CNY 0.2 a picture or CNY 0.3 a picture'],
  // A name of which the list has the plain form only.
  ['qwen-image-max-2025-12-30', 'image-generation', {}, 'CNY 0.5 a picture'],
  [
    'wan2.2-t2v-plus',
    'video-generation',
    { price: { currency: 'USD', per_second: { '480P': 0.1, '1080P': 0.5 } } },
    'USD a second: 0.1 at 480P, 0.5 at 1080P',
  ],
  [
    'qwen-plus',
    'chat/completions',
    { lane: 'half_price', price: { input_per_million: 0.8, output_per_million: 2 } },
    'CNY a million tokens: 0.4 in, 1 out',
  ],
] as const)('%s for %s with %j: %s', async (type, task, config, price) => {
  expect(await told(type, task, config)).toMatchObject({ model_type: type, task, price });
});

test('its other columns are those of its type', async () => {
  const { rows } = await client.query(
    `SELECT m.model_name FROM hologen.models m JOIN hologen.supported_models s USING (model_type, task)
     WHERE (m.scenarios, m.sizes, m.pictures, m.duration, m.reference_files, m.fields)
       IS DISTINCT FROM (s.scenarios, s.sizes, s.pictures, s.duration, s.reference_files, s.fields)`,
  );
  expect(rows).toEqual([]);
  const { rows: all } = await client.query(
    'SELECT (SELECT count(*) FROM hologen.models) = (SELECT count(*) FROM list_external_models()) AS same',
  );
  expect(all).toEqual([{ same: true }]);
});
