/** Every SQL file of examples/, run by psql as a person would; each makes just the calls it should, and can be run again. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
/** Drawing and encoding films is the sandbox's work, and most of the time. */
const slowestExampleMs = 300_000;

interface Example {
  /** Calls that reach the provider. */
  calls: readonly [least: number, most: number];
  /** What must hold afterwards. */
  holds: string;
  /** Calls of a second run; undefined: as many again, too many for a test. */
  callsAgain?: readonly [least: number, most: number];
}

const saved = (column: string, ending: string) => `${column} LIKE 'oss://demo/%.${ending}'`;

const files: Record<string, Example> = {
  'campaign.sql': {
    calls: [40, 40],
    holds: `SELECT count(*) = 10 AND bool_and(${saved('video', 'mp4')} AND ${saved('opening', 'png')} AND ${saved('closing', 'png')}
              AND opening <> closing AND script <> '' AND problem IS NULL) FROM campaign_film`,
  },
  'product-pictures.sql': {
    calls: [6, 6],
    holds: `SELECT (SELECT count(DISTINCT picture) = 3 FROM catalogue WHERE ${saved('picture', 'png')})
              AND (SELECT count(DISTINCT picture) = 6 FROM catalogue_variant WHERE ${saved('picture', 'png')})`,
    callsAgain: [3, 3],
  },
  // Whether a film is cancelled before it is sent is a race, and the file says what it does in either case.
  'asynchronous.sql': {
    calls: [2, 3],
    holds: `SELECT count(*) IN (2, 3) AND bool_and(${saved('video', 'mp4')}) FROM film`,
    callsAgain: [0, 1],
  },
  'money.sql': {
    calls: [1, 1],
    holds: `SELECT NOT EXISTS (SELECT FROM hologen.budgets) AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'film_makers')`,
    callsAgain: [1, 1],
  },
  'row-errors.sql': {
    calls: [6, 6],
    holds: `SELECT array_agg(result->'error'->>'code' ORDER BY id) = ARRAY[NULL, 'DataInspectionFailed', NULL] FROM wish`,
    callsAgain: [6, 6],
  },
  'views.sql': {
    calls: [2, 2],
    holds: `SELECT count(*) = 2 AND bool_and(address LIKE 'http%') FROM city_gallery WHERE ${saved('picture', 'png')}`,
    callsAgain: [2, 2],
  },
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

function psql(...args: string[]): Promise<string> {
  const strictly = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'];
  return runProgram('psql', [...strictly, ...args, gateway.url]).then(({ stdout }) => stdout.trim());
}

/** Runs the file and gives the number of calls that reached the provider. */
async function callsOf(file: string): Promise<number> {
  await gateway.forgetRequests();
  await psql('-f', join(examples, file));
  return (await gateway.requests()).length;
}

function expectWithin(count: number, [least, most]: readonly [number, number]): void {
  expect(count).toBeGreaterThanOrEqual(least);
  expect(count).toBeLessThanOrEqual(most);
}

test('every SQL file of examples/ is here', () => {
  const present = readdirSync(examples).filter((name) => name.endsWith('.sql'));
  expect(present.sort()).toEqual(Object.keys(files).sort());
});

test.each(Object.entries(files))(
  '%s',
  async (file, { calls, holds, callsAgain }) => {
    expectWithin(await callsOf(file), calls);
    expect(await psql('-c', holds)).toBe('t');
    if (!callsAgain) return;
    expectWithin(await callsOf(file), callsAgain);
    expect(await psql('-c', holds)).toBe('t');
  },
  slowestExampleMs,
);

test.each(readdirSync(join(examples, 'scenarios')))('scenarios/%s', async (file) => {
  const result = await psql('-f', join(examples, 'scenarios', file));
  expect(result).toMatch(/oss:\/\/demo\/(pictures\/\S+\.png|videos\/\S+\.mp4)/);
});
