/** Attack: a session has plans printed, to read from them what the owner's functions know: proofs, secrets, the way to the gateway. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let alice: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query("CREATE ROLE alice LOGIN PASSWORD 'secret'");
  await owner.query(
    `CREATE FUNCTION public.definer(t text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT hologen.ai_gen('qwen_plus', t) $$`,
  );
  alice = await gateway.clientOf('alice');
});
afterAll(() => gateway?.close());

/** The bytes of every constant in a printed plan, as text. */
function constants(plan: string): string {
  return [...plan.matchAll(/\[((?:\s*-?\d+)+)\s*\]/g)]
    .map(([, numbers = '']) => Buffer.from(numbers.trim().split(/\s+/).map(Number)).toString('latin1'))
    .join('\n');
}

test('neither proofs nor secrets nor the callback’s password are in what a session can have printed', async () => {
  const secrets = await owner.query(
    `SELECT secret FROM hologen_internal.proof_secret UNION ALL SELECT secret FROM hologen_internal.gateway
     UNION ALL SELECT connection_string FROM hologen_internal.gateway`,
  );
  const heard: string[] = [];
  alice.on('notice', ({ message, detail }) => heard.push(`${message} ${detail}`));
  await alice.query(
    `SET client_min_messages = log; SET debug_pretty_print = off; SET debug_print_plan = on; SET debug_print_parse = on;
     SET debug_print_rewritten = on`,
  );
  await alice.query("SELECT hologen.ai_gen('qwen_plus', 'first of the session')");
  await alice.query("SELECT public.definer('as the owner')");
  await alice.query('SELECT ai_status($1)', ['x']).catch(() => {});
  expect(heard.length).toBeGreaterThan(3);
  const printed = constants(heard.join('\n')) + heard.join('\n');
  for (const { secret } of secrets.rows) expect(printed).not.toContain(secret);
  expect(printed).not.toMatch(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/);
  expect(printed).not.toMatch(/hologen_callback|password=/);
});

test('a raw question needs the right to the function that asks it, however it is written', async () => {
  await owner.query(
    `REVOKE EXECUTE ON FUNCTION hologen.ai_gen(text, text, hologen.file), hologen.ai_submit(text, text, hologen.file) FROM PUBLIC`,
  );
  const rest = { model: 'qwen_plus', request: 'x', settings: {}, statement: '' };
  for (const ask of ['submit', 'submit_detached'])
    expect((await refusal(alice.query('SELECT hologen_caller.ask($1)', [{ ask, ...rest }]))).code).toBe(
      '42501',
    );
  for (const question of ['{"ask": ["submit"]}', '{"ask": null}', '{}', '[]', 'null', '"submit"'])
    expect((await refusal(alice.query('SELECT hologen_caller.ask($1)', [question]))).code).toBe('22023');
  expect((await refusal(alice.query('SELECT hologen_caller.ask(NULL)'))).code).toBe('22023');
  for (const wrong of [{}, { job_id: 'none' }, { job_id: null, output: 1e300 }, { output: 0.5 }])
    expect(
      (await refusal(alice.query('SELECT hologen_caller.ask($1)', [{ ask: 'review', ...wrong }]))).code,
    ).toBe('42704');
  expect((await refusal(alice.query("SELECT hologen_caller.tell_texts('anything', NULL)"))).code).toBe(
    '0A000',
  );
  const noFile = refusal(alice.query('SELECT hologen_caller.ask($1)', ['{"ask": "check_file"}']));
  expect((await noFile).code).toBe('22023');
});
