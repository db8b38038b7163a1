/** A gateway that knows the tiny provider beside Model Studio: a picture of its comes through SQL, is saved, and stands in the ledger. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drivers as providers } from '../../../src/providers/drivers.js';
import { drivers as stores } from '../../../src/storage/drivers.js';
import { aiGen } from '../../calls/statements.js';
import { refusal, startTestGateway, type TestGateway } from '../../gateway.js';
import { tinyProvider } from './driver.js';
import { startTinyProvider, tinyKey } from './server.js';

let tiny: Awaited<ReturnType<typeof startTinyProvider>>;
let gateway: TestGateway;

beforeAll(async () => {
  tiny = await startTinyProvider();
  gateway = await startTestGateway({}, undefined, {
    stores,
    providers: [...providers, () => tinyProvider(tiny.url, undefined)],
  });
});
afterAll(async () => {
  await gateway?.close();
  await tiny?.[Symbol.asyncDispose]();
});

test.each(['tiny-grey', 'tiny-grey-later'])('a picture of %s is a row like any other', async (modelType) => {
  const client = await gateway.client();
  const name = modelType.replaceAll('-', '_');
  const config = JSON.stringify({ api_key: tinyKey });
  await client.query("CALL register_external_model($1, $2, 'tiny', $3, 'image-generation')", [
    name,
    modelType,
    config,
  ]);
  const request = { prompt: 'fog', output_dir: 'oss://demo/fog/' };
  const { requestId, image_urls, image_oss_paths } = JSON.parse(await aiGen(client, name, request));
  expect(requestId).toBe('tiny');
  expect(image_urls).toEqual([`${tiny.url}/grey.png`]);
  expect(image_oss_paths).toEqual(['oss://demo/fog/tiny.png']);
  const { rows } = await client.query(
    'SELECT state, price::float, currency, units FROM hologen.jobs WHERE model_name = $1',
    [name],
  );
  expect(rows).toEqual([{ state: 'succeeded', price: 0.01, currency: 'EUR', units: { pictures: 1 } }]);
});

test('its model types stand beside those of Model Studio, and an unknown provider is refused with the known names', async () => {
  const client = await gateway.client();
  const { rows } = await client.query(
    "SELECT model_type FROM hologen.supported_models WHERE model_type ~ '^(tiny|wan2.6-t2v)'",
  );
  expect(rows.map((row) => row.model_type).sort()).toEqual(['tiny-grey', 'tiny-grey-later', 'wan2.6-t2v']);
  const refused = refusal(
    client.query("CALL register_external_model('a', 'b', 'huge', '{}', 'image-generation')"),
  );
  expect((await refused).message).toBe(
    'model_provider must be one of bailian, dashscope, model-studio, tiny, not "huge"',
  );
});
