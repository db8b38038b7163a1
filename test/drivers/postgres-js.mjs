/** postgres.js: `node postgres-js.mjs URL DIRECTORY` prints one JSON line a result. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';

const [url, directory] = process.argv.slice(2);
const read = (name, file) => readFileSync(join(directory, name, file), 'utf8');
const statements = readdirSync(directory)
  .sort()
  .map((name) => ({
    name,
    text: read(name, 'statement.sql'),
    model: read(name, 'model'),
    request: read(name, 'request'),
    path: read(name, 'oss_path'),
    endpoint: read(name, 'oss_endpoint'),
    role: read(name, 'role_arn'),
  }));

const print = (line) => console.log(JSON.stringify(line));
const printed = (sql, { text }) => sql.unsafe(text);
const bound = (sql, { model, request, path, endpoint, role }) =>
  sql`SELECT ai_gen(${model}, ${request}, to_file(${path}, ${endpoint}, ${role}))`;

async function runMode(mode, { begin, connection, query }) {
  const pool = postgres(url, { max: 1, ssl: 'prefer', connection, onnotice: () => {} });
  const work = async (sql) => {
    const [state] =
      await sql`SELECT current_setting('transaction_read_only') AS r, current_setting('transaction_isolation') AS i`;
    print({ mode, transaction: `${state.r} ${state.i}` });
    for (const statement of statements) {
      const [row] = await query(sql, statement);
      print({ mode, statement: statement.name, result: row.ai_gen });
    }
  };
  await (begin ? pool.begin(begin, work) : work(pool));
  await pool.end();
}

await runMode('simple', { query: printed });
await runMode('prepared', { query: bound });
await runMode('read only', { connection: { default_transaction_read_only: 'on' }, query: bound });
await runMode('repeatable read', { begin: 'ISOLATION LEVEL REPEATABLE READ', query: bound });
