/** The usual models: there at the first start, put back when asked for, and left alone where somebody chose others. */
import { expect, test } from 'vitest';
import { refusal, startTestGateway } from './gateway.js';

const names = 'SELECT model_name FROM list_external_models() ORDER BY 1';

test('register_usual_models deploys what is missing and touches nothing else', async () => {
  await using gateway = await startTestGateway();
  const owner = await gateway.client();
  const usual = (await owner.query(names)).rows;
  expect(usual).toContainEqual({ model_name: 'qwen_image_2' });
  await owner.query(`CALL delete_external_model('qwen_image_2');
    CALL delete_external_model('qwen_plus');
    CALL register_external_model('qwen_plus', 'qwen-turbo', 'bailian', '{}', 'chat/completions');`);
  await owner.query('CALL register_usual_models()');
  await owner.query('CALL register_usual_models()');
  expect((await owner.query(names)).rows).toEqual(usual);
  const { rows } = await owner.query(
    "SELECT model_type FROM list_external_models() WHERE model_name IN ('qwen_plus', 'qwen_image_2') ORDER BY 1",
  );
  expect(rows).toEqual([{ model_type: 'qwen-image-2.0' }, { model_type: 'qwen-turbo' }]);

  await owner.query("CREATE ROLE amy LOGIN PASSWORD 'secret'");
  const amy = await gateway.clientOf('amy');
  expect((await refusal(amy.query('CALL register_usual_models()'))).code).toBe('42501');
});

test('with an account the first start deploys the usual models, unless they are switched off', async () => {
  await using cloud = await startTestGateway();
  const account = {
    sandbox: 'off',
    apiKey: 'sk-0123456789abcdef',
    providerUrl: `${cloud.sandbox.modelStudio}/api/v1`,
  };
  await using gateway = await startTestGateway({ ...account, usualModels: 'on' }, cloud.sandbox);
  await using bare = await startTestGateway({ ...account, usualModels: 'off' }, cloud.sandbox);
  const [all, none] = await Promise.all(
    [gateway, bare].map(async (each) => (await each.client()).query(names)),
  );
  expect(all?.rows).toContainEqual({ model_name: 'wan26_t2v' });
  expect(none?.rows).toEqual([]);
  // Nor does its console say that nothing is spent.
  const about = await fetch(new URL('/api/about', gateway.console));
  expect(await about.json()).toEqual({ sandbox: false });
});
