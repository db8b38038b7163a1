/** The Python package of python/, run by a program that uses it as a notebook does, and by a notebook itself. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

test('installed, it runs the program of its page as it stands there', async () => {
  const page = await readFile(join(root, 'python/README.md'), 'utf8');
  const [, program = ''] = /^```python\n([\s\S]*?)^```/m.exec(page) ?? [];
  const client = await gateway.client();
  await client.query(
    "CREATE TABLE product AS SELECT * FROM (VALUES ('kettle', 'a red kettle', 'kitchen'), ('chair', 'an oak chair', 'hall')) AS p (name, look, kind)",
  );
  const folder = await mkdtemp(join(tmpdir(), 'hologen-installed-'));
  try {
    // What is built beside it stays out of the checkout; its dependencies are Debian's.
    await cp(join(root, 'python'), join(folder, 'source'), { recursive: true });
    const pip = ['-m', 'pip', 'install', '-q', '--no-index', '--no-deps', '--no-build-isolation'];
    await runProgram('/usr/bin/python3', [...pip, '--target', join(folder, 'site'), join(folder, 'source')]);
    const own = { HOLOGEN_URL: gateway.url, PYTHONPATH: join(folder, 'site') };
    const facts = "print(hologen.__file__)\nprint(len(rows), list(frame.columns), frame['slogan'][0])\n";
    const { stdout } = await runProgram('/usr/bin/python3', ['-c', `${program}${facts}`], own, folder);
    expect(stdout).toContain(`${join(folder, 'site', 'hologen')}/`);
    expect(stdout).toMatch(/^1 \['name', 'slogan'\] .*Write a slogan for a kettle/m);
    expect(stdout).toContain('| 0.4 | CNY |');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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

test('the recipe for JupySQL gives a frame that the package shows with its pictures', async () => {
  console.log('Replayed, not run: JupySQL. What it asks of SQLAlchemy is taken from its source.');
  const page = await readFile(join(root, 'docs/clients.md'), 'utf8');
  const [, uri = '', statement = ''] = /^%sql (.*)\n%%sql pictures << (.*)\n/m.exec(page) ?? [];
  const at = new URL(gateway.url);
  const own = uri.replace('hologen:…@127.0.0.1:15432', `${at.username}:${at.password}@${at.host}`);
  const client = await gateway.client();
  await client.query(
    "CREATE TABLE IF NOT EXISTS product AS SELECT 'kettle' AS name, 'a red kettle' AS look, 'kitchen' AS kind",
  );
  const program = join(root, 'test/clients/programs/jupysql_replay.py');
  const { stdout } = await runProgram('/usr/bin/python3', [program, own, statement], environment);
  const { rows } = await client.query('SELECT count(*)::int AS n FROM product');
  expect(stdout.split('\n')[0]).toBe(`['name', 'picture'] ${rows[0].n}`);
  expect(stdout.match(/"image_urls"/g)?.length).toBeGreaterThanOrEqual(rows[0].n);
});
