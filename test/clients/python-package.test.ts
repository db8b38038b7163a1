/** The Python package of python/, run by a program that uses it as a notebook does, and by a notebook itself. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
let gateway: TestGateway;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  gateway = await startTestGateway();
  const PYTHONPATH = join(root, 'python');
  environment = { HOLOGEN_URL: gateway.url, PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1' };
});
afterAll(() => gateway?.close());

test('rows show their pictures, become frames, are priced, and Ctrl-C cancels them at the gateway', async () => {
  const program = join(root, 'test/clients/programs/hologen_package.py');
  const { stdout } = await runProgram('/usr/bin/python3', [program], environment);
  const said = stdout.split('\n');
  expect(said[0]).toBe('estimate 1 0.2');
  // Two pictures inside of the page, and no markup of a prompt.
  expect(said[1]).toBe('inline 2 2 False');
  expect(said[2]).toBe("pandas ['name', 'picture'] 2");
  expect(stdout).toContain('a kettle | {"requestId"');
  expect(stdout).toMatch(/polars (\(2, 2\)|is not on this machine)/);
  expect(stdout).toContain('error 42703');
  expect(stdout).toContain('cancelled True\ngoes on 1');
  const client = await gateway.client();
  const { rows } = await client.query(
    "SELECT FROM hologen.progress WHERE application_name = 'hologen python'",
  );
  expect(rows).toEqual([]);
});

test('in a notebook the bar moves and the pictures stand in its output', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hologen-notebook-'));
  const source = `import hologen
gateway = hologen.connect()
gateway.sql("""SELECT n, ai_gen('qwen_image', json_build_object('prompt', '[[sandbox:slow=4000]] hat ' || n)::text) AS picture
  FROM generate_series(1, 2) n""")`;
  const cell = { cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source };
  const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };
  const notebook = { cells: [cell], metadata: { kernelspec }, nbformat: 4, nbformat_minor: 4 };
  const path = join(folder, 'hats.ipynb');
  try {
    await writeFile(path, JSON.stringify(notebook));
    const args = ['-m', 'nbconvert', '--to', 'notebook', '--execute', '--stdout', path];
    const { stdout } = await runProgram('/usr/bin/python3', args, environment);
    const outputs = JSON.parse(stdout).cells[0].outputs as { data?: Record<string, string | string[]> }[];
    const html = outputs.flatMap(({ data }) => data?.['text/html'] ?? []).join('');
    expect(html.match(/<img[^>]+base64,/g)).toHaveLength(2);
    const bars = outputs.flatMap(({ data }) => data?.['text/plain'] ?? []).join('');
    expect(bars).toMatch(/[█░]{28} .*(running|done)/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 300_000);
