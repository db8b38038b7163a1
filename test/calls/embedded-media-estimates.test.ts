/**
 * Embedded pictures and videos through the ledger: each costs the tokens that were counted, at its medium's price, and the estimate is the most
 * that the model can count of such a file; where nobody knows that there is no estimate.
 */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { putFiles } from '../providers/model-studio/bodies/all.js';
import { golden } from '../providers/model-studio/bodies/row.js';
import { clip } from '../providers/model-studio/bodies/videos.js';
import { putObject, rights } from './statements.js';

let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  await putFiles(gateway.dataDir);
});
afterAll(() => gateway?.close());

/** CNY a million tokens of the Beijing price list, and the most tokens of a file. */
const types = {
  'qwen3-vl-embedding': { text: 0.7, media: 1.8, most: { picture: 32_000, video: 32_000 } },
  'qwen2.5-vl-embedding': { text: 0.7, media: 1.8, most: { picture: 32_000, video: 32_000 } },
  'tongyi-embedding-vision-plus': { text: 0.5, media: 0.5, most: { picture: 1026, video: undefined } },
  'tongyi-embedding-vision-flash': { text: 0.15, media: 0.15, most: { picture: 1026, video: undefined } },
  'multimodal-embedding-v1': { text: 0.7, media: 0.9, most: { picture: undefined, video: undefined } },
};
const paths = { picture: golden, video: clip };
const file = (kind: 'picture' | 'video') => `to_file('${paths[kind]}', '${rights.join("', '")}')`;

/** A text's bytes and what a template puts around it bound its tokens. */
const words = 'a golden man';
const mostOfWords = words.length + 100;

interface Case {
  type: keyof typeof types;
  what: string;
  kind: 'picture' | 'video';
  withText?: true;
  expression(model: string): string;
}

const cases = (Object.keys(types) as (keyof typeof types)[]).flatMap((type): Case[] => {
  const alone = (['picture', 'video'] as const).map((kind) => ({
    ...{ type, kind, what: `a ${kind}` },
    expression: (model: string) => `ai_embed('${model}', ${file(kind)})`,
  }));
  if (!type.startsWith('qwen')) return alone;
  const together = (['picture', 'video'] as const).map((kind) => ({
    ...{ type, kind, what: `a text and a ${kind}`, withText: true as const },
    expression: (model: string) => `ai_gen('${model}', '${words}', ${file(kind)})::float4[]`,
  }));
  return [...alone, ...together];
});

test.each(cases)('$what by $type costs what was counted, at most its estimate', async (each) => {
  const { type, kind, withText, what } = each;
  const model = `${type}_${what}`.replace(/\W+/g, '_');
  await client.query("CALL register_external_model($1, $2, 'bailian', '{}', 'embedding')", [model, type]);
  const statement = `SELECT cardinality(${each.expression(model)}) AS length`;
  const { rows: told } = await client.query('SELECT price::float8, currency FROM ai_estimate($1)', [
    statement,
  ]);
  const { rows: made } = await client.query(statement);
  expect(made[0].length).toBeGreaterThan(0);
  const { rows: jobs } = await client.query(
    'SELECT usage, price::float8, estimated_price::float8 AS estimate, currency FROM hologen.jobs WHERE model_name = $1',
    [model],
  );
  const { rows: attempts } = await client.query(
    'SELECT price::float8, currency FROM hologen.usage WHERE model_name = $1',
    [model],
  );
  const { text, media, most } = types[type];
  expect(jobs).toHaveLength(1);
  const { input_tokens, image_tokens, input_tokens_details } = jobs[0].usage;
  const { text_tokens: texts, image_tokens: pictures } = input_tokens_details ?? {
    ...{ text_tokens: input_tokens, image_tokens },
  };
  expect([texts > 0, pictures > 0]).toEqual([withText === true, true]);
  expect(jobs[0].price).toBeCloseTo((texts * text + pictures * media) / 1e6, 12);
  expect(attempts).toEqual([{ price: jobs[0].price, currency: 'CNY' }]);
  const mostTokens = most[kind];
  const bound = mostTokens && ((withText ? mostOfWords * text : 0) + mostTokens * media) / 1e6;
  if (bound === undefined) expect([told[0].price, jobs[0].estimate]).toEqual([null, null]);
  else {
    expect(told[0].price).toBeCloseTo(bound, 12);
    expect(jobs[0].estimate).toBe(told[0].price);
    expect(jobs[0].price).toBeLessThanOrEqual(bound);
  }
});

test('a picture that its model does not take is refused before it is sent, as a FILE and as bytes, and a length that it has is given', async () => {
  await client.query(
    "CALL register_external_model('small', 'tongyi-embedding-vision-flash', 'bailian', '{}', 'embedding')",
  );
  const before = (await gateway.requests()).length;
  const bytes = Buffer.alloc(3.5 * 1024 * 1024);
  await expect(client.query("SELECT ai_embed('small', $1::bytea, 'png')", [bytes])).rejects.toThrow(
    /the picture .*at most 3 MiB/,
  );
  const large = 'oss://bucket/path/large.png';
  await putObject(gateway.dataDir, large, bytes);
  await expect(
    client.query(`SELECT ai_embed('small', to_file('${large}', '${rights.join("', '")}'))`),
  ).rejects.toMatchObject({ message: expect.stringMatching(/file 1 is too large.* has 3.5 MiB/) });
  expect(await gateway.requests()).toHaveLength(before);
  const ofLength = (model: string) =>
    client.query(
      `SELECT cardinality(ai_gen('${model}', '{"prompt": "a door", "parameters": {"dimensions": 256}}')::float4[]) AS length`,
    );
  // Its vectors are of one length; those of its dated name of any.
  await expect(ofLength('small')).rejects.toThrow(/one of 768/);
  await client.query(
    "CALL register_external_model('dated', 'tongyi-embedding-vision-flash-2026-03-06', 'bailian', '{}', 'embedding')",
  );
  expect((await ofLength('dated')).rows).toEqual([{ length: 256 }]);
});
