/** The AI functions besides ai_gen: their arguments, their results as columns, what they send, cost and do with errors; all at once. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deploy, newestJob, putObject, rights } from '../calls/statements.js';
import { refusal, type SandboxRequest, startTestGateway, type TestGateway } from '../gateway.js';
import { wavFile } from '../sandbox/model-studio/studio-client.js';

const picture = 'oss://bucket/path/golden_man.png';
const speech = 'oss://bucket/path/speech.wav';
let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  await putObject(gateway.dataDir, speech, wavFile(4));
  await deploy(client, 'fun-asr', 'speech-to-text');
  await deploy(client, 'qwen3-vl-embedding', 'embedding');
});
beforeEach(async () => {
  await client.query('RESET ALL');
  await gateway.forgetRequests();
});
afterAll(() => gateway?.close());

const one = async (sql: string, values: unknown[] = []) => {
  const { rows } = await client.query({ text: sql, values, rowMode: 'array' });
  return (rows[0] as unknown[])[0];
};
const file = (path: string) => `to_file('${path}', '${rights[0]}', '${rights[1]}')`;
const bodies = async () =>
  // biome-ignore lint/suspicious/noExplicitAny: as the provider's API has it
  (await gateway.requests()).map(({ body }: SandboxRequest) => body as any);

describe('ai_gen_structured', () => {
  const schema = {
    type: 'json_schema',
    json_schema: {
      name: 'film',
      schema: { type: 'object', properties: { title: { type: 'string' }, year: { type: 'integer' } } },
    },
  };

  test('gives JSON whose fields are columns', async () => {
    const { rows } = await client.query(
      `SELECT title, year FROM json_to_record(ai_gen_structured('qwen_plus', 'A film, please.', $1::json, 'abort', '{"max_tokens": 90}'))
         AS film (title text, year int)`,
      [JSON.stringify(schema)],
    );
    expect(rows).toEqual([{ title: 'sandbox qwen-plus', year: 1 }]);
    const [body] = await bodies();
    expect(body).toEqual({
      model: 'qwen-plus',
      // It takes no schema, but is told of it.
      messages: [
        { role: 'system', content: expect.stringContaining(JSON.stringify(schema.json_schema.schema)) },
        { role: 'user', content: 'A film, please.' },
      ],
      max_tokens: 90,
      response_format: { type: 'json_object' },
    });
  });

  test('sends the schema itself to a model that takes one', async () => {
    await client.query(
      "CALL register_external_model('keeps_schema', 'qwen3.7-plus', 'bailian', '{}', 'chat/completions')",
    );
    const { rows } = await client.query(
      "SELECT title, year FROM json_to_record(ai_gen_structured('keeps_schema', 'A film.', $1::json)) AS film (title text, year int)",
      [JSON.stringify(schema)],
    );
    expect(rows).toEqual([{ title: 'sandbox qwen3.7-plus', year: 1 }]);
    expect((await bodies())[0]).toMatchObject({ response_format: schema, stream: true });
  });

  test('reads a file beside the message, and speaks of JSON where an object is asked for', async () => {
    const made = await one(
      `SELECT ai_gen_structured('qwen_vl_plus', 'Who is this?', ${file(picture)}, '{"type": "json_object"}'::json)`,
    );
    expect(made).toMatchObject({ sandbox: true, media: [expect.stringMatching(/^picture png/)] });
    const [{ messages }] = await bodies();
    expect(messages[0].content.at(-1).text).toBe('Who is this?\n\nAnswer with a JSON object.');
  });

  const row = (onError: string) =>
    `SELECT m, ai_gen_structured('qwen_plus', m, '{"type": "json_object"}'::json, '${onError}') AS made
     FROM unnest(ARRAY['json one', 'json [[sandbox:refuse]]']) AS m`;

  test('tells a failed row as JSON when it captures, whatever the session says', async () => {
    await client.query('SET ai_gen.on_error = skip');
    const { rows } = await client.query(row('capture'));
    expect(rows[0].made).toMatchObject({ sandbox: true });
    expect(rows[1].made.error).toMatchObject({ code: 'data_inspection_failed', retryable: false });
  });

  test('gives NULL when it skips, and ends the statement when it aborts', async () => {
    const { rows } = await client.query(row('skip'));
    expect(rows[1].made).toBeNull();
    expect((await refusal(client.query(row('abort')))).code).toBe('22H01');
    const error = await refusal(client.query(row('ignore')));
    expect([error.code, error.message]).toEqual([
      '22023',
      "on_error must be capture, skip or abort, not 'ignore'",
    ]);
  });

  test('raises for what is wrong before anything is sent', async () => {
    for (const [call, code] of [
      [`ai_gen_structured('nobody', 'x', '{"type": "json_object"}'::json)`, '42704'],
      [`ai_gen_structured('qwen_plus', 'x', '{"type": "xml"}'::json)`, '22023'],
      [`ai_gen_structured('text_embedding_v4', 'x', '{"type": "json_object"}'::json)`, '22023'],
      [
        `ai_gen_structured('qwen_plus', 'x', '{"type": "json_schema", "json_schema": {"name": "a"}}'::json)`,
        '22023',
      ],
    ]) {
      expect((await refusal(client.query(`SELECT ${call}`))).code).toBe(code);
    }
    expect(await gateway.requests()).toEqual([]);
  });
});

describe('ai_embed', () => {
  test('makes vectors of texts, with a model and without', async () => {
    const [named, usual] = (await one(
      `SELECT json_build_array(ai_embed('text_embedding_v4', 'a red door'), ai_embed('a red door'))`,
    )) as number[][];
    expect(named).toHaveLength(1024);
    expect(usual).toEqual(named);
    expect(await one("SELECT pg_typeof(ai_embed('x'))::text")).toBe('real[]');
  });

  test('gives NULL for NULL and an empty text, and sends nothing', async () => {
    expect(await one("SELECT ai_embed('text_embedding_v4', NULL::text)")).toBeNull();
    expect(await one("SELECT ai_embed('')")).toBeNull();
    expect(await gateway.requests()).toEqual([]);
  });

  test('makes the same vector of a picture’s file and of its bytes', async () => {
    const bytes = await readFile(join(gateway.dataDir, 'sandbox', 'oss', picture.replace('oss://', '')));
    const ofFile = await one(`SELECT ai_embed('test_qwen3_vl_embedding', ${file(picture)})`);
    const ofBytes = await one("SELECT ai_embed('test_qwen3_vl_embedding', $1::bytea, 'png')", [bytes]);
    expect(ofFile).toHaveLength(2560);
    expect(ofBytes).toEqual(ofFile);
    const [, body] = await bodies();
    expect(body.input.contents[0].image).toMatch(/^data:image\/png;base64,/);
    expect((await newestJob(client, 'qwen3-vl-embedding')).state).toBe('succeeded');
    const { rows } = await client.query(
      `SELECT price::float8, estimated_price::float8 AS most FROM hologen.jobs WHERE model_type = 'qwen3-vl-embedding'
       ORDER BY submitted_at DESC LIMIT 1`,
    );
    // Of its tokens nothing is known before but the most there can be.
    expect(rows[0].most).toBe(0.0576);
    expect(rows[0].price).toBeLessThan(rows[0].most);
  });

  test('takes the model that reads a FILE where none is named, and refuses other formats', async () => {
    expect(await one(`SELECT cardinality(ai_embed(${file(picture)}))`)).toBe(2560);
    const error = await refusal(
      client.query("SELECT ai_embed('test_qwen3_vl_embedding', '\\x00'::bytea, 'tiff')"),
    );
    expect(error.code).toBe('22023');
  });

  test('warns of a captured error, because a vector cannot hold it', async () => {
    const notices: string[] = [];
    client.on('notice', ({ message = '' }) => notices.push(message));
    await client.query('SET ai_gen.on_error = capture');
    expect(await one("SELECT ai_embed('text_embedding_v4', '[[sandbox:refuse]]')")).toBeNull();
    expect(notices.join()).toContain('Model Studio refused the call');
  });
});

describe('ai_transcribe', () => {
  const heard = (options?: string) =>
    one(`SELECT ai_transcribe('test_fun_asr', ${file(speech)}${options ? `, '${options}'::jsonb` : ''})`);

  test('tells what was said, and how long it took', async () => {
    expect(await heard()).toEqual({
      text: expect.stringMatching(/^This is the sandbox fun-asr\. It heard wav, \d+ bytes\.$/),
      duration: 4,
    });
    const { rows } = await client.query(
      "SELECT units, price::float8, estimated_price::float8 AS estimated FROM hologen.jobs WHERE model_type = 'fun-asr' ORDER BY submitted_at DESC LIMIT 1",
    );
    expect(rows).toEqual([{ units: { seconds: 4 }, price: 0.00088, estimated: 0.00088 }]);
  });

  test('costs before it is made what it costs, as long as the file is', async () => {
    const { rows } = await client.query('SELECT seconds::float8, price::float8 FROM ai_estimate($1)', [
      `SELECT ai_transcribe('test_fun_asr', ${file(speech)})`,
    ]);
    expect(rows).toEqual([{ seconds: 4, price: 0.00088 }]);
    expect(await gateway.requests()).toEqual([]);
  });

  test('tells sentences, speakers and words with their times in seconds', async () => {
    const { segments } = (await heard('{"timestamp_granularity": "sentence"}')) as { segments: object[] };
    expect(segments).toEqual([
      { start: 0, end: 2, text: 'This is the sandbox fun-asr.' },
      { start: 2, end: 4, text: expect.stringMatching(/^It heard wav/) },
    ]);
    const speakers = (await heard('{"timestamp_granularity": "speaker"}')) as { segments: object[] };
    expect(speakers.segments.map((each) => (each as { speaker_id: number }).speaker_id)).toEqual([0, 1]);
    const words = (await heard('{"timestamp_granularity": "word"}')) as { segments: { text: string }[] };
    expect(words.segments.map(({ text }) => text).slice(0, 5)).toEqual([
      'This',
      'is',
      'the',
      'sandbox',
      'fun-asr.',
    ]);
  });

  test('hears the forms of sound that its type does', async () => {
    const model = await deploy(client, 'paraformer-v2', 'speech-to-text');
    const transcribe = (name: string, ending: string) =>
      one(`SELECT ai_transcribe('${name}', ${file(speech.replace('wav', ending))})`);
    for (const ending of ['wma', 'aiff'])
      await putObject(gateway.dataDir, speech.replace('wav', ending), wavFile(4));
    expect(await transcribe('test_fun_asr', 'aiff')).toMatchObject({ duration: 4 });
    for (const name of ['test_fun_asr', model])
      expect(await transcribe(name, 'wma')).toMatchObject({ duration: 4 });
    const { message, hint } = await refusal(transcribe(model, 'aiff'));
    expect(message).toMatch(/^the FILE must be a sound or video file that paraformer-v2 hears, not /);
    expect(hint).toMatch(/^Known endings: .*wma/);
    expect(hint).not.toContain('aiff');
  });

  test('refuses before anything is spent', async () => {
    for (const [call, message] of [
      [`ai_transcribe('test_fun_asr', ${file(picture)})`, /^the FILE must be a sound or video file/],
      [
        `ai_transcribe('test_fun_asr', ${file(speech)}, '{"granularity": "word"}')`,
        /^unknown field "granularity"/,
      ],
      [`ai_transcribe('qwen_plus', ${file(speech)})`, /^ai_transcribe takes models of task speech-to-text/],
    ] as const) {
      expect((await refusal(client.query(`SELECT ${call}`))).message).toMatch(message);
    }
    expect(await gateway.requests()).toEqual([]);
    expect(await one("SELECT ai_transcribe('test_fun_asr', NULL)")).toBeNull();
  });
});

test('the functions over texts answer in their own types', async () => {
  expect(await one("SELECT ai_classify('My parcel is late', ARRAY['delivery', 'payment'])")).toBe('delivery');
  expect(await one("SELECT ai_sentiment('I love it')")).toBe('positive');
  expect(await one("SELECT ai_extract('Ann, 31, of Bonn', ARRAY['name', 'city'])")).toEqual({
    name: 'sandbox qwen-plus',
    city: 'sandbox qwen-plus',
  });
  expect(await one("SELECT ai_rank('doors', 'a red door')")).toBe(0);
  const same = (await one("SELECT ai_similarity('a', 'a')")) as number;
  expect(same).toBeCloseTo(1, 6);
  expect(same).toBeLessThanOrEqual(1);
  for (const call of [
    "ai_mask('Ann, 31', ARRAY['name'])",
    "ai_fix_grammar('he go')",
    "ai_summarize('A long story', 10)",
    "ai_translate('door', 'zh')",
    `ai_parse_document(${file(picture)})`,
  ]) {
    expect(await one(`SELECT ${call}`)).toMatch(/^\[sandbox qwen/);
  }
  const named = "ai_translate('qwen_vl_plus', 'door {0}', 'zh {1}')";
  expect(await one(`SELECT ${named}`)).toContain(
    'language: zh {1}. Write the translation and nothing else.\n\ndoor {0}',
  );
  // Only a model that sees is asked for what is in a picture.
  const sent = await bodies();
  expect(sent.find(({ messages }) => Array.isArray(messages?.[0].content)).model).toBe('qwen-vl-plus');
});

test('a NULL or empty text is no call of any of them, and odd arguments are refused', async () => {
  expect(
    await one(`SELECT num_nonnulls(ai_classify(NULL, ARRAY['a']), ai_sentiment(''), ai_extract(NULL, ARRAY['a']), ai_rank('a', NULL),
      ai_similarity(NULL, 'a'), ai_mask('', ARRAY['a']), ai_fix_grammar(NULL), ai_summarize(NULL), ai_translate(NULL, 'en'), ai_parse_document(NULL))`),
  ).toBe(0);
  const { rows } = await client.query(
    `SELECT ai_gen_structured('qwen_plus', text, '{"type": "json_object"}'::json, 'abort') AS told FROM unnest(ARRAY[NULL, '', E' \\n']) AS text`,
  );
  expect(rows).toEqual([{ told: null }, { told: null }, { told: null }]);
  for (const call of [
    "ai_classify('a', '{}')",
    "ai_translate('a', '')",
    "ai_summarize('a', -1)",
    "ai_mask('a', NULL)",
  ])
    expect((await refusal(client.query(`SELECT ${call}`))).code).toBe('22023');
  expect(await gateway.requests()).toEqual([]);
});

test('the calls of a statement are at once, in the ledger, and under its limits', async () => {
  const slow = "'[[sandbox:slow=1000]] ' || n";
  const startedAt = performance.now();
  const { rows } = await client.query(
    `SELECT n, ai_translate(${slow}, 'en') AS said, ai_gen_structured('qwen_plus', ${slow} || ' json', '{"type": "json_object"}'::json) AS told,
       ai_sentiment(${slow}) AS mood FROM generate_series(1, 4) AS n ORDER BY n`,
  );
  expect(rows.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
  // One after another they would take twelve seconds.
  expect(performance.now() - startedAt).toBeLessThan(6000);
  await client.query('SET ai_gen.max_calls = 2');
  const many = client.query("SELECT ai_sentiment('x' || n) FROM generate_series(1, 3) AS n");
  expect((await refusal(many)).code).toBe('53400');
});

test('they are at once wherever a person writes them', async () => {
  const slow = "'[[sandbox:slow=2000]] ' || n";
  for (const statement of [
    `SELECT json_agg(ai_translate(${slow}, 'en')) FROM generate_series(1, 4) AS n`,
    `SELECT n, CASE WHEN n > 1 THEN ai_sentiment(${slow}) END FROM generate_series(1, 5) AS n`,
    `SELECT n, told.* FROM generate_series(1, 4) AS n, LATERAL json_to_record(ai_extract(${slow}, ARRAY['who'])) AS told (who text)`,
    `SELECT n FROM generate_series(1, 4) AS n WHERE ai_rank('doors', ${slow}) = 0`,
  ]) {
    await client.query('SET ai_gen.reuse = off');
    const startedAt = performance.now();
    await client.query(statement);
    // One after another they would take eight seconds.
    expect({ statement, atOnce: performance.now() - startedAt < 7000 }).toEqual({ statement, atOnce: true });
  }
});

test('a dry run gives values of each type, sends nothing, and an estimate names the models', async () => {
  await client.query('SET ai_gen.dry_run = on');
  const calls = `ai_embed('a')::text AS vector, ai_similarity('a', 'b') AS near, ai_rank('a', 'b') AS rank, ai_classify('a', ARRAY['b']) AS label,
    ai_extract('a', ARRAY['b']) AS found, ai_transcribe('test_fun_asr', ${file(speech)}) AS heard`;
  const { rows } = await client.query(`SELECT ${calls}`);
  expect(rows[0]).toMatchObject({ near: 0, rank: null, label: null, found: { dry_run: true } });
  await client.query('RESET ai_gen.dry_run');
  const estimate = await client.query(`SELECT model_name, calls FROM ai_estimate($1) ORDER BY 1`, [
    `SELECT ${calls}`,
  ]);
  expect(estimate.rows).toEqual([
    { model_name: 'qwen_plus', calls: '3' },
    { model_name: 'test_fun_asr', calls: '1' },
    { model_name: 'text_embedding_v4', calls: '2' },
  ]);
  expect(await gateway.requests()).toEqual([]);
});

test('who may not execute ai_gen may not have it by another name', async () => {
  await client.query("CREATE ROLE kept_out LOGIN PASSWORD 'secret'");
  await client.query('REVOKE EXECUTE ON FUNCTION hologen.ai_gen(text, text, hologen.file) FROM PUBLIC');
  try {
    const other = await gateway.clientOf('kept_out');
    expect((await refusal(other.query("SELECT ai_sentiment('x')"))).code).toBe('42501');
  } finally {
    await client.query('GRANT EXECUTE ON FUNCTION hologen.ai_gen(text, text, hologen.file) TO PUBLIC');
  }
});

describe('around the calls', () => {
  test('prompt makes a request of a template and its arguments', async () => {
    const seen = await one(
      `SELECT ai_gen('qwen_vl_plus', prompt('{1} sees {0}', json_build_array(${file(picture)}, 'Ann')))`,
    );
    expect(seen).toMatch(/^\[sandbox qwen-vl-plus\] You asked: Ann sees .* Media: picture png/s);
    expect(
      await one("SELECT ai_gen('qwen_plus', prompt('{0} or {1}', 'tea', NULL::text || 'x'))").catch(String),
    ).toContain('args[1] is NULL');
    expect(await one("SELECT ai_gen('qwen_plus', prompt('{0} or {1}', 'tea', 'coffee'))")).toContain(
      'tea or coffee',
    );
    expect(await one(`SELECT ai_gen('qwen_vl_plus', prompt('See {0}', ${file(picture)}))`)).toContain(
      'Media: picture',
    );
  });

  test('ai_chunk cuts at paragraphs, lines and words, overlaps, and loses nothing', async () => {
    const words = Array.from({ length: 60 }, (_, n) => `word${n}`);
    const text = `${words.slice(0, 20).join(' ')}\n\n${words.slice(20).join(' ')}`;
    const chunks = (await one('SELECT ai_chunk($1, 80, 20)', [text])) as string[];
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(80);
    expect([...new Set(chunks.flatMap((chunk) => chunk.split(/\s+/)))]).toEqual(words);
    for (const [index, chunk] of chunks.slice(1).entries())
      expect(chunks[index]).toContain(chunk.split(' ')[0]);
    expect(await one("SELECT ai_chunk(repeat('x', 25), 10, 0)")).toEqual([
      'x'.repeat(10),
      'x'.repeat(10),
      'x'.repeat(5),
    ]);
    expect(await one("SELECT ai_chunk('', 10, 0)")).toEqual([]);
    // Where none is given the overlap fits the size.
    expect(await one("SELECT ai_chunk(repeat('a b ', 100), 150)")).toEqual(
      await one("SELECT ai_chunk(repeat('a b ', 100), 150, 30)"),
    );
    expect(await one("SELECT ai_chunk(repeat('a b ', 900)) = ai_chunk(repeat('a b ', 900), 1000, 200)")).toBe(
      true,
    );
    expect(await one('SELECT ai_chunk(NULL, 10)')).toBe(null);
    expect(await one("SELECT ai_chunk('x', NULL, 1)")).toBe(null);
    expect((await refusal(client.query("SELECT ai_chunk('x', 10, 10)"))).code).toBe('22023');
  });
});
