/** Each AI function by each of its signatures: a budget of calls or of money refuses it before anything is sent, and the ledger has what it cost. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { deploy, putObject, rights } from '../calls/statements.js';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import { wavFile } from '../sandbox/model-studio/studio-client.js';

const file = (path: string) => `to_file('${path}', '${rights.join("', '")}')`;
const picture = file('oss://bucket/path/golden_man.png');
const speech = file('oss://bucket/path/speech.wav');
const object = `'{"type": "json_object"}'::json`;
const schema = `'{"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object", "properties": {"b": {"type": "string"}}}}}'::json`;

/** The call, and the type of the model that makes it. */
const calls: [call: string, modelType: string][] = [
  [`ai_gen('a word')`, 'qwen-plus'],
  [`ai_gen('qwen_plus', 'a word')`, 'qwen-plus'],
  [`ai_gen('qwen_vl_plus', 'a word', ${picture})`, 'qwen-vl-plus'],
  [`ai_gen_structured('qwen_plus', 'json', ${object})`, 'qwen-plus'],
  [`ai_gen_structured('qwen_plus', 'json', ${schema}, 'abort')`, 'qwen-plus'],
  [`ai_gen_structured('qwen_plus', 'json', ${object}, 'skip', '{"temperature": 0.1}')`, 'qwen-plus'],
  [`ai_gen_structured('qwen_vl_plus', 'json', ${picture}, ${schema})`, 'qwen-vl-plus'],
  [
    `ai_gen_structured('qwen_vl_plus', 'json', ${picture}, ${object}, 'abort', '{"top_p": 0.9}')`,
    'qwen-vl-plus',
  ],
  [`ai_embed('a word')`, 'text-embedding-v4'],
  [`ai_embed('text_embedding_v4', 'a word')`, 'text-embedding-v4'],
  [`ai_embed(${picture})`, 'qwen3-vl-embedding'],
  [`ai_embed('test_qwen3_vl_embedding', ${picture})`, 'qwen3-vl-embedding'],
  [`ai_embed('test_qwen3_vl_embedding', decode('PNG', 'base64'), 'png')`, 'qwen3-vl-embedding'],
  [`ai_transcribe('test_fun_asr', ${speech})`, 'fun-asr'],
  ...['none', 'sentence', 'speaker', 'word'].map((granularity): [string, string] => [
    `ai_transcribe('test_fun_asr', ${speech}, '{"timestamp_granularity": "${granularity}"}'::jsonb)`,
    'fun-asr',
  ]),
  [`ai_classify('a word', ARRAY['one', 'two'])`, 'qwen-plus'],
  [`ai_classify('qwen_plus', 'a word', ARRAY['one', 'two'])`, 'qwen-plus'],
  [`ai_extract('a word', ARRAY['one'])`, 'qwen-plus'],
  [`ai_extract('qwen_plus', 'a word', ARRAY['one'])`, 'qwen-plus'],
  [`ai_mask('a word', ARRAY['name'])`, 'qwen-plus'],
  [`ai_mask('qwen_plus', 'a word', ARRAY['name'])`, 'qwen-plus'],
  [`ai_fix_grammar('a word')`, 'qwen-plus'],
  [`ai_fix_grammar('qwen_plus', 'a word')`, 'qwen-plus'],
  [`ai_summarize('a word')`, 'qwen-plus'],
  [`ai_summarize('a word', 5)`, 'qwen-plus'],
  [`ai_summarize('qwen_plus', 'a word')`, 'qwen-plus'],
  [`ai_summarize('qwen_plus', 'a word', 5)`, 'qwen-plus'],
  [`ai_translate('a word', 'de')`, 'qwen-plus'],
  [`ai_translate('qwen_plus', 'a word', 'de')`, 'qwen-plus'],
  [`ai_sentiment('a word')`, 'qwen-plus'],
  [`ai_sentiment('qwen_plus', 'a word')`, 'qwen-plus'],
  [`ai_similarity('a word', 'another')`, 'text-embedding-v4'],
  [`ai_similarity('text_embedding_v4', 'a word', 'another')`, 'text-embedding-v4'],
  [`ai_rank('a query', 'a document')`, 'qwen-plus'],
  [`ai_rank('qwen_plus', 'a query', 'a document')`, 'qwen-plus'],
  [`ai_parse_document(${picture})`, 'qwen-vl-plus'],
  [`ai_parse_document('qwen_vl_plus', ${picture})`, 'qwen-vl-plus'],
  [`ai_gen('qwen_plus', prompt('{0} or {1}', 'tea', 'coffee'))`, 'qwen-plus'],
];

let gateway: TestGateway;
let owner: pg.Client;
let amy: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await putObject(gateway.dataDir, 'oss://bucket/path/speech.wav', wavFile(4));
  await deploy(owner, 'fun-asr', 'speech-to-text');
  await deploy(owner, 'qwen3-vl-embedding', 'embedding');
  await owner.query("CREATE ROLE amy LOGIN PASSWORD 'secret'");
  amy = await gateway.clientOf('amy');
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway?.close());

const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const written = (call: string) => call.replace("'PNG'", `'${png}'`);

test.each(calls)('%s', async (call, modelType) => {
  const statement = `SELECT ${written(call)}`;
  for (const limit of ['calls => 0', 'money => 0.000000001']) {
    await owner.query(`CALL set_budget('amy', period => 'total', ${limit})`);
    const { code, message } = await refusal(amy.query(statement));
    expect([limit, code, message]).toEqual([limit, '53400', expect.stringContaining('budget')]);
    expect(await gateway.requests('all')).toEqual([]);
    await owner.query("CALL remove_budget('amy')");
  }
  await amy.query(`SET ai_gen.reuse = off; ${statement}`);
  const { rows } = await owner.query(
    `SELECT model_type, state, role_name, price::float8, currency, estimated_price::float8 AS most
     FROM hologen.jobs ORDER BY submitted_at DESC LIMIT 1`,
  );
  const { price, most, ...job } = rows[0];
  expect(job).toEqual({ model_type: modelType, state: 'succeeded', role_name: 'amy', currency: 'CNY' });
  expect(price).toBeGreaterThan(0);
  // Nobody knows before how long an answer without a bound becomes.
  if (most !== null) expect(price).toBeLessThanOrEqual(most);
});
