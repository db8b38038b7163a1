/** A drained gateway takes no new calls, ends what it has begun, and serves plain SQL as before. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import { readMetrics } from '../metrics/read-metrics.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ sandboxImageMs: '1500', metricsPort: '0' });
});
afterAll(() => gateway?.close());

const picture = (prompt: string) => `SELECT ai_gen('qwen_image_2', '{"prompt": "${prompt}"}') AS made`;
const submits = async () => (await gateway.requests()).length;

test('it refuses new calls, ends those it has begun, and tells what is left until it is undrained', async () => {
  const [owner, early, late] = [await gateway.client(), await gateway.client(), await gateway.client()];
  const { rows: asked } = await late.query(
    'SELECT ai_submit(\'qwen_image_2\', \'{"prompt": "kept"}\') AS handle',
  );
  // A call of a function is not known before the one before it has its result.
  await owner.query(`CREATE FUNCTION two() RETURNS text LANGUAGE plpgsql AS $$ DECLARE made text; BEGIN
    made := ai_gen('qwen_image_2', json_build_object('prompt', 'first ' || clock_timestamp()));
    RETURN ai_gen('qwen_image_2', json_build_object('prompt', 'second after ' || md5(made))); END $$`);
  const begun = early.query('SELECT two() AS made');
  await expect.poll(submits).toBe(2);
  const { rows: left } = await owner.query('CALL drain_gateway()');
  expect(left).toEqual([{ waiting_statements: '1', open_calls: '2' }]);

  const refused = await refusal(late.query(picture('too late')));
  expect([refused.code, refused.message, refused.hint]).toEqual([
    '57P03',
    expect.stringMatching(/^this gateway takes no new calls: it is drained by hologen since 20/),
    expect.stringContaining('hologen.gateways'),
  ]);
  expect((await refusal(late.query("SELECT ai_submit('qwen_plus', 'too late')"))).code).toBe('57P03');
  expect((await late.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  expect((await late.query(`SELECT calls FROM ai_estimate($$${picture('what if')}$$)`)).rows).toHaveLength(1);
  const { rows: seen } = await late.query(
    'SELECT serves_me, drained_by, draining_since <= now() AS since, waiting_statements FROM hologen.gateways',
  );
  expect(seen).toEqual([{ serves_me: true, drained_by: 'hologen', since: true, waiting_statements: '1' }]);
  const readiness = await fetch(`${gateway.metrics}/readyz`);
  expect([readiness.status, await readiness.json()]).toEqual([503, { ready: false, reason: 'draining' }]);
  expect((await readMetrics(gateway.metrics)).value('hologen_draining_seconds')).toBeGreaterThan(0);

  const waited = await late.query('SELECT ai_wait($1) AS made', [asked[0].handle]);
  for (const { rows } of [await begun, waited]) expect(JSON.parse(rows[0].made).image_urls).toHaveLength(1);
  expect((await owner.query('CALL drain_gateway()')).rows).toEqual([
    { waiting_statements: '0', open_calls: '0' },
  ]);
  await owner.query('CALL undrain_gateway()');
  expect(JSON.parse((await late.query(picture('again'))).rows[0].made).image_urls).toHaveLength(1);
  expect(await submits()).toBe(4);
  expect((await owner.query('SELECT drained_by, draining_since FROM hologen.gateways')).rows).toEqual([
    { drained_by: null, draining_since: null },
  ]);
  expect((await readMetrics(gateway.metrics)).value('hologen_draining_seconds')).toBe(0);
});

test('only administrators drain a gateway, and not in a transaction that only reads', async () => {
  const owner = await gateway.client();
  await owner.query("CREATE ROLE amy LOGIN PASSWORD 'secret'");
  const amy = await gateway.clientOf('amy');
  for (const what of ['drain_gateway', 'undrain_gateway']) {
    expect((await refusal(amy.query(`CALL ${what}()`))).code).toBe('42501');
    expect((await refusal(amy.query(`SELECT hologen_caller.ask('{"ask": "${what}"}')`))).code).toBe('42501');
  }
  await owner.query('SET default_transaction_read_only = on');
  expect((await refusal(owner.query('CALL drain_gateway()'))).code).toBe('25006');
  expect((await amy.query('SELECT drained_by FROM hologen.gateways')).rows).toEqual([{ drained_by: null }]);
});
