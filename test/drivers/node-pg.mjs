/** node-postgres: `node node-pg.mjs URL DIRECTORY` prints one JSON line a result. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

const [url, directory] = process.argv.slice(2);
const argumentFiles = ['model', 'request', 'oss_path', 'oss_endpoint', 'role_arn'];
const statements = readdirSync(directory)
  .sort()
  .map((name) => ({
    name,
    text: readFileSync(join(directory, name, 'statement.sql'), 'utf8'),
    values: argumentFiles.map((file) => readFileSync(join(directory, name, file), 'utf8')),
  }));
const bound = 'SELECT ai_gen($1, $2, to_file($3, $4, $5))';
const transaction =
  "SELECT current_setting('transaction_read_only'), current_setting('transaction_isolation')";

const print = (line) => console.log(JSON.stringify(line));

async function runMode(mode, { begin, options, query }) {
  const client = new pg.Client({ connectionString: url, options });
  await client.connect();
  if (begin) await client.query(begin);
  const state = await client.query({ text: transaction, rowMode: 'array' });
  print({ mode, transaction: state.rows[0].join(' ') });
  for (const statement of statements) {
    const { rows } = await client.query({ ...query(statement), rowMode: 'array' });
    print({ mode, statement: statement.name, result: rows[0][0] });
  }
  if (begin) await client.query('COMMIT');
  await client.end();
}

const prepared = ({ values }) => ({ name: 'documented', text: bound, values });
await runMode('simple', { query: ({ text }) => ({ text }) });
await runMode('prepared', { query: prepared });
await runMode('prepared, printed text', { query: ({ name, text }) => ({ name, text, values: [] }) });
await runMode('binary results', { query: ({ values }) => ({ text: bound, values, binary: true }) });
await runMode('read only', { options: '-c default_transaction_read_only=on', query: prepared });
await runMode('repeatable read', { begin: 'BEGIN ISOLATION LEVEL REPEATABLE READ', query: prepared });
