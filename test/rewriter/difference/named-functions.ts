/** Random PL/pgSQL functions that run queries, whose parameters and variables have names that columns have, too: what each name means there is PL/pgSQL's affair. */
import type { Random } from '../random.js';
import type { Statement } from './outcome.js';

type Part = Omit<Statement, 'form'>;

/** Of a column, or of none. */
const names = ['k', 'id', 'p', 'r', 'kind', 'most', 'few'];
const literals: Record<string, string[]> = {
  int: ['0', '1', '2', '3'],
  text: ["'fox 2'", "'x'", "'1'"],
  varchar: ["'fox 1'"],
};

interface Named {
  name: string;
  type: string;
  isParameter?: boolean;
}

export function queriesInFunctions(random: Random): Part {
  const parameters = someNamed(random, 1 + random.below(2)).map((each) => ({ ...each, isParameter: true }));
  const given = parameters.map(({ type }) => random.pick(literals[type] as string[]));
  const inDo = random.chance(0.25);
  const body = bodyOf(random, inDo ? [] : parameters, inDo);
  if (inDo) return { setup: [], steps: [{ text: `DO $do$ ${body} $do$` }], ordered: false };
  const listed = parameters.map(({ name, type }) => `${name} ${type}`).join(', ');
  const options = random.pick([
    '',
    '',
    '',
    'STABLE',
    'STRICT',
    'SET search_path = public, pg_catalog, hologen_names',
  ]);
  const made = `CREATE FUNCTION chosen_by(${listed}) RETURNS SETOF text LANGUAGE plpgsql ${options} AS $fn$ ${body} $fn$`;
  const called = `chosen_by(${given.join(', ')})`;
  const text = random.pick([
    `SELECT * FROM ${called}`,
    `SELECT ${called}`,
    `SELECT count(*), max(x) FROM ${called} AS x`,
    `INSERT INTO log SELECT * FROM ${called}`,
    `SELECT id, ${called} FROM foxes WHERE id < 3`,
    `SELECT x FROM foxes, ${called.replace(/\((\d|'1')/, '(foxes.k')} AS x`,
    `DO $do$ BEGIN PERFORM ${called}; END $do$`,
  ]);
  return { setup: [made], steps: [{ text }], ordered: false };
}

function someNamed(random: Random, count: number): Named[] {
  const free = [...names];
  return Array.from({ length: count }, () => {
    const [name = 'one'] = free.splice(random.below(free.length), 1);
    return { name, type: random.pick(['int', 'int', 'text', 'varchar']) };
  });
}

/** In lines, as people write them: PL/pgSQL tells its blocks apart by them alone. */
function bodyOf(random: Random, parameters: Named[], inDo: boolean): string {
  const own = someNamed(random, random.below(3));
  const inner = someNamed(random, 1);
  const known = [...parameters, ...own];
  const declared = (variables: Named[]) =>
    variables.map(({ name, type }) => `${name} ${type}${initially(random, type)};`).join('\n');
  const block = () =>
    `DECLARE\n${declared(inner)}\nBEGIN\n${random.pick(['NULL;', queryIn(random, [...known, ...inner], inDo)])}\nEND;`;
  const lines = [
    ...(random.chance(0.4) ? [block()] : []),
    ...(random.chance(0.3) ? [changing(random, known)] : []),
    queryIn(random, known, inDo),
    ...(random.chance(0.3) ? [queryIn(random, known, inDo)] : []),
    ...(random.chance(0.2) ? [block()] : []),
  ];
  const declares = own.length > 0 ? `DECLARE\n${declared(own)}\n` : '';
  return `${declares}BEGIN\n${lines.join('\n')}\nEND`;
}

function initially(random: Random, type: string): string {
  return random.chance(0.8) ? ` := ${random.pick(literals[type] as string[])}` : '';
}

function changing(random: Random, known: Named[]): string {
  if (known.length === 0) return 'NULL;';
  const { name, type } = random.pick(known);
  const value = random.pick(literals[type] as string[]);
  return random.pick([
    `${name} := ${value};`,
    `SELECT ${value} INTO ${name};`,
    `IF random() < 2 THEN ${name} := ${value}; END IF;`,
    `FOR ${name} IN 1..2 LOOP NULL; END LOOP;`,
  ]);
}

function queryIn(random: Random, known: Named[], inDo: boolean): string {
  const from = random.pick(['foxes', 'foxes', 'foxes AS f', 'foxes AS chosen_by']);
  const table = from.split(' ').at(-1) as string;
  // A name that is a variable's, too, is refused.
  const isClear = (column: string) => !known.some(({ name }) => name === column) || random.chance(0.1);
  const named = (column: string) => (isClear(column) && random.chance(0.5) ? column : `${table}.${column}`);
  const variable = (): Named => (known.length > 0 ? random.pick(known) : { name: '1', type: 'int' });
  const called = ({ name, type, isParameter }: Named) => {
    if (isParameter && random.chance(0.3)) return `chosen_by.${name}`;
    const isColumn = ['k', 'id', 'p', 'r'].includes(name) && !random.chance(0.05);
    if (isColumn) return isParameter ? `chosen_by.${name}` : random.pick(literals[type] as string[]);
    return name;
  };
  const condition = () => {
    const each = variable();
    const column = named(each.type === 'int' ? random.pick(['k', 'id']) : 'p');
    return random.pick([
      `${column} = ${called(each)}`,
      `${column} <= ${called(each)}`,
      `${named('k')} = 1`,
      `${named('id')} < 3`,
    ]);
  };
  const prompt = random.pick([
    named('p'),
    `${called(variable())} || ${named('p')}`,
    `concat(${called(variable())}, ${named('p')})`,
  ]);
  const call = `ai_gen('m${1 + random.below(3)}', ${prompt})`;
  const order = random.pick([
    '',
    '',
    ` ORDER BY ${named('id')} DESC`,
    ` ORDER BY ${variable().name}`,
    ` ORDER BY ${named('k')}, ${named('id')} LIMIT 2`,
  ]);
  const items = random.pick([call, call, `${call} AS r`, `upper(${call})`]);
  const select = `SELECT ${items} FROM ${from} WHERE ${condition()}${random.chance(0.3) ? ` AND ${condition()}` : ''}${order}`;
  const shown = random.pick([
    `INSERT INTO log ${select};`,
    `UPDATE w SET r = ai_gen('m4', coalesce(w.p, 'n')) WHERE ${condition().replaceAll(`${table}.`, 'w.')};`,
    `PERFORM ${select.slice('SELECT '.length)};`,
    `FOR i IN 1..1 LOOP INSERT INTO log ${select}; END LOOP;`,
  ]);
  if (inDo) return shown;
  return random.pick([
    `RETURN QUERY ${select};`,
    `RETURN QUERY ${select};`,
    `RETURN QUERY EXECUTE $q$${select}$q$;`,
    `RETURN QUERY SELECT unnest(ARRAY(${select}));`,
    shown,
  ]);
}
