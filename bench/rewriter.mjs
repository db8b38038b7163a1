/** Long texts with calls: how long they take to rewrite, how long others wait for a SELECT 1 meanwhile, what memory the gateway takes at most. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { loadParser } from '../dist/src/rewriter/parse.js';
import { rewriteText } from '../dist/src/rewriter/rewrite.js';
import { median, start, stop, table } from './processes.mjs';

const program = new URL('../dist/src/cli/hologen.js', import.meta.url).pathname;
const rounds = 5;

const listed = (count, item, between) =>
  Array.from({ length: count }, (_, index) => item(index)).join(between);
const call = (index) => `ai_gen('qwen_plus', 'a lake at dusk, number ${index}')`;
const row = (index) => `(${index}, ${index % 100 === 0 ? call(index) : `'row ${index}'`})`;

const texts = {
  nothing: 'SELECT 2',
  'SELECT … FROM': "SELECT id, ai_gen('qwen_plus', p), p || '!' AS p2 FROM prompts WHERE id < 10",
  'UPDATE … SET': "UPDATE prompts SET r = ai_gen('qwen_plus', p) WHERE id < 10 AND r IS NULL",
  'VALUES of 20 rows': `INSERT INTO prompts (id, r) VALUES ${listed(20, row, ', ')}`,
  'a long prompt, 1 MB': `SELECT ai_gen('qwen_plus', '${'word '.repeat(200_000)}'), ai_gen('qwen_plus', p) FROM prompts`,
  'UNION of 1,000 arms': listed(1000, (index) => `SELECT ${call(index)}`, ' UNION ALL '),
  'VALUES of 20,000 rows': `INSERT INTO prompts (id, r) VALUES ${listed(20_000, row, ', ')}`,
  'CASE of 2,000 branches': `SELECT ai_gen('qwen_plus', CASE ${listed(2000, (index) => `WHEN id = ${index} THEN 'number ${index}'`, ' ')} END) FROM prompts`,
  '1 MB of small statements': listed(
    15_000,
    (index) => `SELECT ai_gen('qwen_plus', p) FROM prompts WHERE id = ${index}`,
    '; ',
  ),
  'SELECT of 80,000 columns': `SELECT ai_gen('qwen_plus', p), ${listed(80_000, (index) => index, ',')} FROM prompts`,
  'longer than is looked at': `SELECT ai_gen('qwen_plus', '${'word '.repeat(300_000)}') FROM prompts`,
};

export async function benchRewriter() {
  await loadParser();
  const directory = await mkdtemp(join(tmpdir(), 'hologen-bench-'));
  const args = [program, 'serve', '--sandbox', '--data-dir', directory, '--port', '0'];
  const gateway = await start(process.execPath, args, /^ready /m, {
    env: { ...process.env, HOLOGEN_LOG_LEVEL: 'error' },
  });
  try {
    const connectionString = JSON.parse(await readFile(join(directory, 'runtime.json'), 'utf8')).postgres;
    const clients = [new pg.Client({ connectionString }), new pg.Client({ connectionString })];
    for (const client of clients) await client.connect();
    await clients[0].query('CREATE TABLE prompts (id int, p text, r text)');
    const rows = [];
    for (const [what, text] of Object.entries(texts))
      rows.push(await measure(what, text, clients, gateway.pid));
    for (const client of clients) await client.end();
    const header = [
      'text',
      'KB',
      'rewritten, ms',
      'prepared, ms',
      'longest SELECT 1, ms',
      'gateway at most, MB more',
      'process beside, MB',
    ];
    console.log(
      table(
        header,
        rows.map((each) => Object.values(each).map(shown)),
      ),
    );
    return { rows };
  } finally {
    await stop(gateway);
    await rm(directory, { recursive: true, force: true });
  }
}

function shown(value) {
  return typeof value === 'number' ? value.toFixed(value < 10 ? 1 : 0) : value;
}

async function measure(what, text, [client, other], pid) {
  const rewritten = [];
  for (let round = 0; round < rounds; round++) rewritten.push(timed(() => attempt(text)));
  // 5 sets the highest value back to the present one (proc(5), clear_refs).
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  const before = await memoryMb(pid, 'VmRSS');
  let longest = 0;
  let prepared = 0;
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    const waits = await waitsDuring(other, parse(client, text));
    prepared += (performance.now() - startedAt) / rounds;
    longest = Math.max(longest, ...waits);
  }
  const memory = (await memoryMb(pid, 'VmHWM')) - before;
  const beside = await besideMb(pid);
  return { what, kb: text.length / 1000, rewritten: median(rewritten), prepared, longest, memory, beside };
}

/** In this process, which has no other stack than most. */
function attempt(text) {
  try {
    rewriteText(text);
  } catch {}
}

function timed(work) {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}

/** Parse alone: nothing is called then. Of several statements in one the engine wants none; it has read them all the same. */
function parse(client, text) {
  return new Promise((resolve) => {
    client.query({
      submit(connection) {
        connection.parse({ name: '', text, types: [] });
        connection.sync();
      },
      handleError: resolve,
      handleReadyForQuery: resolve,
    });
  });
}

async function waitsDuring(client, work) {
  let over = false;
  work.finally(() => {
    over = true;
  });
  const waits = [];
  do {
    const startedAt = performance.now();
    await client.query('SELECT 1');
    waits.push(performance.now() - startedAt);
  } while (!over);
  return waits;
}

/** Of the process for long texts, which ends when it has nothing to do for some time; 0 if it did not run. */
async function besideMb(pid) {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean);
  for (const child of children) {
    const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
    if (!command.includes('long-texts-process')) continue;
    const most = await memoryMb(child, 'VmHWM');
    process.kill(Number(child), 'SIGKILL');
    return most;
  }
  return 0;
}

async function memoryMb(pid, what) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1000;
}
