/**
 * ai_estimate beside the ledger, for every model type that can be deployed: the same statement is estimated and run, and each type's calls cost
 * to the cent what the estimate said, or, where only the answer tells how much it is, not more; and what the price list says of what was counted.
 */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { families } from '../../src/providers/model-studio/families.js';
import { knownTypes } from '../../src/providers/model-studio/known-types.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { bodyRows, putFiles } from '../providers/model-studio/bodies/all.js';
import { wavFile } from '../sandbox/model-studio/studio-client.js';
import { anyDirectory, putObject, rights } from './statements.js';

interface ModelTypeRow {
  model_type: string;
  task: string;
  scenarios: string[];
  /** In words, as docs/models.md has it. */
  price: string;
}

interface Call {
  request: string;
  file: string;
  /** Its media, or the answer, decide what it comes to. */
  open: boolean;
}

interface Told {
  estimated: number;
  calls: number;
  billed: number;
  /** Each call's, as the provider counted it. */
  usages: Record<string, number>[];
}

const speech = 'oss://bucket/path/four-seconds.wav';
const prompt = 'Name a colour of the sea.';
const document = 'The sea is blue.';
/** The most that a text can come to, a token a byte and what a template puts around it, beside what says the answer's form or options. */
const mostInput: Record<string, number> = {
  'chat/completions': prompt.length + 100,
  translation: prompt.length + 100 + '{}'.length,
  rerank: prompt.length + document.length + 100,
  embedding: prompt.length + 100,
};

/** By so many tokens max_completion_tokens may be passed. */
const passedBy = (task: string) => (task === 'chat/completions' ? 10 : 0);

const types = knownTypes(families)
  .describe([])
  .map((row) => row as unknown as ModelTypeRow)
  .filter(({ model_type: name }) => !name.startsWith('('));
const isBilledByToken = ({ price }: ModelTypeRow) => price.includes('token');
const lanesOf = ({ task }: ModelTypeRow) => (task === 'chat/completions' ? ['', 'half_price'] : ['']);
const nameOf = (modelType: string, lane: string) =>
  ['of', modelType.replace(/[^A-Za-z0-9]+/g, '_'), lane].join('_');

let gateway: TestGateway;
let client: pg.Client;
let told: Map<string, Told>;

/** What is asked of a type: pictures and videos once for each scenario, of its row in the table of bodies. */
function callsOf({ model_type: modelType, task, scenarios }: ModelTypeRow): Call[] {
  const call = (request: unknown, file = anyDirectory, open = true): Call => ({
    ...{ request: typeof request === 'string' ? request : JSON.stringify(request), file, open },
  });
  switch (task) {
    case 'speech-to-text':
      return [call({}, speech, false)];
    case 'chat/completions':
      return [call({ prompt, parameters: { max_completion_tokens: 5 } })];
    case 'translation':
      return [call({ prompt, to_lang: 'Chinese', parameters: { max_tokens: 5 } })];
    case 'rerank':
      return [call({ prompt, document })];
    case 'embedding':
      return [call(prompt)];
    default:
      return scenarios.map((scenario) => {
        const row = bodyRows.find(
          (each) => each.scenario === scenario && each.modelTypes.includes(modelType),
        );
        if (!row) throw new Error(`no request for ${scenario} of ${modelType}`);
        const open = /"duration":-1/.test(JSON.stringify(row.request));
        return call(row.request, row.file ?? anyDirectory, open);
      });
  }
}

beforeAll(async () => {
  gateway = await startTestGateway({ sandboxImageMs: '0', sandboxVideoMs: '0' });
  client = await gateway.client();
  await putFiles(gateway.dataDir);
  await putObject(gateway.dataDir, speech, wavFile(4));
  await client.query('CREATE TABLE asked (model text, request text, path text)');
  for (const type of types) for (const lane of lanesOf(type)) await ask(type, lane);
  told = await estimateAndRun();
});
afterAll(() => gateway?.close());

async function ask(type: ModelTypeRow, lane: string): Promise<void> {
  const name = nameOf(type.model_type, lane);
  const config = { submits_per_second: 500, ...(lane && { lane }) };
  await client.query("CALL register_external_model($1, $2, 'bailian', $3, $4)", [
    ...[name, type.model_type, config, type.task],
  ]);
  for (const { request, file } of callsOf(type))
    await client.query('INSERT INTO asked VALUES ($1, $2, $3)', [name, request, file]);
}

async function estimateAndRun(): Promise<Map<string, Told>> {
  const statement = `SELECT ai_gen(model, request, to_file(path, '${rights[0]}', '${rights[1]}')) FROM asked`;
  const { rows: estimates } = await client.query(
    'SELECT model_name, calls::int, price::float8 FROM ai_estimate($1)',
    [statement],
  );
  await client.query(statement);
  const { rows: bills } = await client.query(
    `SELECT model_name, sum(price)::float8 AS billed, count(*)::int AS calls, json_agg(usage) AS usages FROM hologen.jobs GROUP BY model_name`,
  );
  return new Map(
    estimates.map(({ model_name: name, calls, price }) => {
      const { billed, usages, calls: made } = bills.find((each) => each.model_name === name);
      expect(made, name).toBe(calls);
      return [name, { estimated: price, calls, billed, usages }];
    }),
  );
}

const toldOf = (modelType: string, lane = '') => told.get(nameOf(modelType, lane)) as Told;
const byName = (some: ModelTypeRow[]) => some.map((type) => [type.model_type, type] as const);

test.each(byName(types.filter((type) => !isBilledByToken(type))))(
  'calls of %s cost what their estimate said',
  (name, type) => {
    const { estimated, billed, calls } = toldOf(name);
    const asked = callsOf(type);
    expect(calls).toBe(asked.length);
    expect(billed).toBeGreaterThan(0);
    if (asked.some(({ open }) => open)) expect(estimated).toBeGreaterThanOrEqual(billed);
    else expect(estimated).toBe(billed);
  },
);

/** By the price list's own words; `thought` where the model may have thought before it answered. */
function priceOf(price: string, input: number, output: number, thought: boolean): number {
  const tiers = price.replace('CNY a million tokens: ', '').split('; ');
  const amount = (tier: string, name: string) =>
    Number(new RegExp(`([\\d.]+) ${name}`).exec(tier)?.[1] ?? Number.NaN);
  const tier =
    tiers.find((each) => !(input > amount(each.replaceAll('k of input', ' limit'), 'limit') * 1024)) ?? '';
  const [thoughts, answers] = [amount(tier, 'thinking'), amount(tier, 'out')];
  const ofOutput = output === 0 ? 0 : thought && !Number.isNaN(thoughts) ? thoughts : answers;
  return (input * amount(tier, 'in') + output * ofOutput) / 1e6;
}

describe.each(byName(types.filter(isBilledByToken)))('%s', (name, type) => {
  test.each(lanesOf(type))('costs the tokens that were counted, at most those of its estimate %s', (lane) => {
    const { estimated, billed, usages } = toldOf(name, lane);
    if (type.price.includes('see the provider')) {
      expect([estimated, billed]).toEqual([null, null]);
      return;
    }
    const [usage = {}] = usages;
    const input = usage.prompt_tokens ?? usage.input_tokens ?? usage.total_tokens ?? 0;
    const output = usage.completion_tokens ?? 0;
    const share = lane ? 0.5 : 1;
    expect(input).toBeGreaterThan(0);
    expect(billed).toBeCloseTo(share * priceOf(type.price, input, output, false), 12);
    const most = (thought: boolean) =>
      share * priceOf(type.price, mostInput[type.task] as number, output + passedBy(type.task), thought);
    const bounds = [most(false), most(true)].map((amount) => amount.toFixed(12));
    expect(bounds).toContain(estimated.toFixed(12));
    expect(estimated).toBeGreaterThan(billed);
  });
});
