/** An Execute with a row limit of a statement that PostgreSQL runs to its end all the same: its calls are at once, however few rows are asked for. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mostTogether } from '../clients/ways.js';
import { bind, execute, parse, query, type RawClient, session, sync, types } from '../frontend/raw-client.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let raw: RawClient;

beforeAll(async () => {
  gateway = await startTestGateway();
  raw = await session(gateway.url);
});
afterAll(() => {
  raw?.close();
  return gateway?.close();
});

const calls = (way: string) =>
  `SELECT ai_gen('qwen_plus', '[[sandbox:slow=300]] ' || i || ' ${way}') FROM generate_series(1, 4) i`;

const forms: Record<string, { before: string; run: string }> = {
  'EXECUTE of a query': { before: `PREPARE q AS ${calls('EXECUTE of a query')}`, run: 'EXECUTE q' },
  'EXECUTE with a value': {
    before: `PREPARE v (text) AS ${calls('EXECUTE with a value').replace('FROM', ', $1 FROM')}`,
    run: "EXECUTE v ('value')",
  },
  'EXECUTE of what is rewritten': {
    before: `PREPARE r AS ${calls('EXECUTE of what is rewritten').replace('SELECT', 'SELECT random(),')}`,
    run: 'EXECUTE r',
  },
  'FETCH of all': { before: `DECLARE c CURSOR FOR ${calls('FETCH of all')}`, run: 'FETCH ALL FROM c' },
};

test.each(Object.entries(forms))('%s', async (way, { before, run }) => {
  raw.write(query('BEGIN'));
  await raw.until('Z');
  raw.write(query(before));
  expect(types(await raw.until('Z'))).not.toMatch(/E/);
  raw.write(parse('', run), bind('', ''), execute('', 1), sync);
  expect(types(await raw.until('Z')).replaceAll('N ', '')).toBe('1 2 D s Z');
  raw.write(execute('', 0), sync);
  expect(types(await raw.until('Z')).replaceAll('N ', '')).toBe('D D D C Z');
  raw.write(query('COMMIT'));
  await raw.until('Z');
  expect(await mostTogether(gateway, way)).toEqual({ [way]: 4 });
});
