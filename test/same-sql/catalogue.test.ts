/** The catalogue as tools and drivers read it: through the gateway it looks as it does on the engine itself, to the byte. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';
import { readCases, replay, type Server, sqlstates, ways } from './replay.js';
import { directServer, gatewayServer, pipeToEngine } from './servers.js';

const here = (file: string) => fileURLToPath(new URL(`catalogue/${file}`, import.meta.url));
const odbcDrivers = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/odbc`;

/** Command line behind which the URL goes, words that follow it, a word that the answer must have. */
const programs: Record<string, { command: string[]; behind?: string[]; says: RegExp }> = {
  'psql’s backslash commands, with their queries': {
    command: ['psql', '-X', '-E', '-v', 'VERBOSITY=verbose', '-f', here('backslash.psql')],
    says: /Partitions: shop.*Kunden; 客户 🦊.*UTF8\n$/s,
  },
  'pgjdbc’s DatabaseMetaData': {
    command: ['java', '-cp', '/usr/share/java/postgresql.jar', here('Catalogue.java')],
    says: /## getIndexInfo.*customers_mail_lower.*luck/s,
  },
  'psqlODBC’s catalogue functions': {
    command: ['/usr/bin/python3', here('odbc_catalogue.py')],
    behind: [`${odbcDrivers}/psqlodbcw.so`],
    says: /## SQLForeignKeys, of.*'Order Items'.*PostgreSQL/s,
  },
  'SQLAlchemy’s inspector': {
    command: ['/usr/bin/python3', here('sqlalchemy_inspector.py')],
    says: /## customers.*customers_tags.*'shop\.Order Items'/s,
  },
};

let gateway: TestGateway;
let through: Server;
let direct: Server;

beforeAll(async () => {
  gateway = await startTestGateway();
  through = gatewayServer(gateway);
  direct = await directServer(gateway);
  const client = await gateway.client();
  await client.query(await readFile(here('shop.sql'), 'utf8'));
});
afterAll(() => gateway?.close());

describe.each(readCases('bi'))('queries of $name', (each) => {
  test.each(ways)('%s', async (way) => {
    const expected = await replay(direct, each, way);
    expect(await replay(through, each, way)).toEqual(expected);
    if (way === 'simple') expect(sqlstates(expected)).toEqual(each.refused);
  });
});

test.each(Object.entries(programs))(
  '%s',
  async (_, { command: [program = '', ...words], behind = [], says }) => {
    await using pipe = await pipeToEngine(gateway);
    const print = (url: string) =>
      runProgram(program, [...words, url, ...behind], { PGSSLMODE: 'disable', PYTHONDONTWRITEBYTECODE: '1' });
    const [expected, seen] = await Promise.all([print(pipe.url), print(gateway.url)]);
    expect(seen).toEqual(expected);
    expect(expected.stdout).toMatch(says);
  },
);
