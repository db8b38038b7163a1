/** Calls that are made one after another: a NOTICE says why at the second one, and its HINT names a form that is at once. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { knownForm } from '../../src/rewriter/look-ahead/other-forms.js';
import {
  bind,
  execute,
  type Frame,
  fields,
  parse,
  query,
  type RawClient,
  session,
  sync,
} from '../frontend/raw-client.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;
const notices: { message?: string | undefined; hint?: string | undefined }[] = [];

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  client.on('notice', ({ message, hint }) => notices.push({ message, hint }));
  await client.query(`CREATE TABLE words AS SELECT i AS n, 'word ' || i AS p FROM generate_series(1, 4) i;
    CREATE VIEW shown AS TABLE words;
    CREATE TABLE answers (p text, answer text);
    CREATE VIEW answered AS TABLE answers;
    CREATE TABLE logged (p text);
    CREATE TABLE altered (p text, answer text);
    CREATE TABLE by_default (p text, answer text DEFAULT ai_gen('qwen_plus', 'by default'));
    CREATE TABLE by_trigger (p text, answer text);
    CREATE FUNCTION answer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.answer := ai_gen('qwen_plus', NEW.p); RETURN NEW; END $$;
    CREATE TRIGGER answer BEFORE INSERT ON by_trigger FOR EACH ROW EXECUTE FUNCTION answer();
    CREATE FUNCTION changed(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN t; END $$;
    CREATE FUNCTION looped(t text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text;
      BEGIN FOR i IN 1..1 LOOP r := ai_gen('qwen_plus', t); END LOOP; RETURN r; END $$;
    CREATE FUNCTION one_row(t text) RETURNS text LANGUAGE sql AS $$ SELECT ai_gen('qwen_plus', t) LIMIT 1 $$`);
});
afterAll(() => gateway?.close());

async function toldOf(text: string): Promise<typeof notices> {
  notices.length = 0;
  await client.query('BEGIN');
  try {
    for (const statement of text.split(';;')) await client.query(statement);
  } finally {
    await client.query('ROLLBACK');
  }
  return notices.filter(({ message }) => message?.includes('one after another'));
}

const made = (result: string, from = 'words') =>
  `CREATE TEMP TABLE made AS SELECT *, ${result} AS result FROM ${from}`;

/** What is told, what its HINT says, and that form. */
const kinds: Record<string, { text: string; why: RegExp; hint: RegExp; form?: string }> = {
  'rows that are locked': {
    text: `SELECT ai_gen('qwen_plus', p) FROM words FOR UPDATE`,
    why: /it locks the rows that it reads$/,
    hint: /^Take the rows by a statement of their own first /,
    form: `UPDATE words SET n = n RETURNING *;; SELECT ai_gen('qwen_plus', p) FROM words`,
  },
  'a trigger': {
    text: 'INSERT INTO by_trigger (p) SELECT p FROM words',
    why: /\(a trigger, a default or the like runs it, and not the statement\)$/,
    hint: /^Write the call in the statement itself in place of a trigger or a default /,
    form: `INSERT INTO answers SELECT p, ai_gen('qwen_plus', p) FROM words`,
  },
  'a column default': {
    text: 'INSERT INTO by_default (p) SELECT p FROM words',
    why: /they stand in what it runs for its rows \(a default, /,
    hint: /^Write the call in the statement itself in place of a trigger or a default /,
    form: `INSERT INTO by_default SELECT p, ai_gen('qwen_plus', p) FROM words`,
  },
  'a sub-select that ends at its first row': {
    text: `SELECT n FROM words w WHERE EXISTS (SELECT FROM words v WHERE v.n >= w.n AND ai_gen('qwen_plus', v.p) = 'yes')`,
    why: /a sub-select may be left before its end$/,
    hint: /^Make the calls first, .* That asks about all rows, /,
    form: `${made("ai_gen('qwen_plus', p)")};; SELECT n FROM words w WHERE EXISTS (SELECT FROM made WHERE made.n >= w.n AND result = 'yes')`,
  },
  'a LIMIT inside': {
    text: `SELECT * FROM (SELECT n FROM words WHERE ai_gen('qwen_plus', p) = 'yes' LIMIT 3) s, words`,
    why: /a result decides how far is read$/,
    hint: /^Make the calls first, .* That asks about all rows, /,
    form: `${made("ai_gen('qwen_plus', p)")};; SELECT * FROM (SELECT n FROM made WHERE result = 'yes' LIMIT 3) s, words`,
  },
  'a recursion': {
    text: `WITH RECURSIVE r(i, t) AS (SELECT 1, 'start' UNION ALL SELECT i + 1, ai_gen('qwen_plus', t) FROM r WHERE i < 4) SELECT i FROM r`,
    why: /a result decides how far it goes$/,
    hint: /^There is no other form: /,
  },
  'random() over a view': {
    text: `SELECT random(), ai_gen('qwen_plus', p) FROM shown`,
    why: /random may give something else each time$/,
    hint: /^Make the calls in a statement of their own without it /,
    form: `${made("ai_gen('qwen_plus', p)", 'shown')};; SELECT random(), result FROM made`,
  },
  'a volatile function of one’s own': {
    text: `SELECT ai_gen('qwen_plus', changed(p)) FROM words`,
    why: /changed may give something else each time$/,
    hint: /STABLE or IMMUTABLE/,
    form: `ALTER FUNCTION changed IMMUTABLE;; SELECT ai_gen('qwen_plus', changed(p)) FROM words`,
  },
  'a MERGE about rows of no source': {
    text: `INSERT INTO answers SELECT p FROM words;; MERGE INTO answers a USING words w ON a.p = w.p WHEN MATCHED THEN UPDATE SET answer = ai_gen('qwen_plus', w.p)
      WHEN NOT MATCHED BY SOURCE THEN DELETE`,
    why: /it is about rows of no source$/,
    hint: /^Make the calls first, /,
    form: `${made("ai_gen('qwen_plus', p)")};; MERGE INTO answers a USING made w ON a.p = w.p WHEN MATCHED THEN UPDATE SET answer = result WHEN NOT MATCHED BY SOURCE THEN DELETE`,
  },
  'ALTER TABLE … USING': {
    text: `INSERT INTO altered SELECT p FROM words;; ALTER TABLE altered ALTER COLUMN answer TYPE text USING ai_gen('qwen_plus', p)`,
    why: /it is no query$/,
    hint: /^Write the rows first, and ask about them in a statement behind it /,
    form: `INSERT INTO altered SELECT p FROM words;; UPDATE altered SET answer = ai_gen('qwen_plus', p)`,
  },
  'a WITH that writes': {
    text: `WITH w AS (INSERT INTO logged SELECT p FROM words RETURNING p) INSERT INTO answers SELECT p, ai_gen('qwen_plus', p) FROM w`,
    why: /it writes in a WITH$/,
    hint: /^Write by a statement of its own what the WITH writes, /,
    form: `INSERT INTO logged SELECT p FROM words;; INSERT INTO answers SELECT p, ai_gen('qwen_plus', p) FROM logged`,
  },
  'RETURNING of a view': {
    text: `INSERT INTO answered SELECT p FROM words RETURNING ai_gen('qwen_plus', p)`,
    why: /a call stands in its RETURNING$/,
    hint: /^Write the rows first, and ask about them in a statement behind it /,
    form: `INSERT INTO answered SELECT p FROM words;; SELECT ai_gen('qwen_plus', p) FROM answered`,
  },
  'an UPDATE of a view': {
    text: `INSERT INTO answers SELECT p FROM words;; UPDATE answered SET answer = ai_gen('qwen_plus', p)`,
    why: /which rows are written was not known beforehand \(a view, /,
    hint: /^Make the calls first, /,
    form: `INSERT INTO answers SELECT p FROM words;; ${made("ai_gen('qwen_plus', p)")};; UPDATE answered a SET answer = result FROM made WHERE made.p = a.p`,
  },
  'a column without a name': {
    text: `SELECT ai_gen('qwen_plus', row_to_json(t)::text) FROM (SELECT (ai_gen('qwen_plus', p))::text FROM words) t`,
    why: /a column without a name is part of what is asked$/,
    hint: /^Give the column a name /,
    form: `SELECT ai_gen('qwen_plus', row_to_json(t)::text) FROM (SELECT (ai_gen('qwen_plus', p))::text AS named FROM words) t`,
  },
  'a setting of the look’s own': {
    text: `SELECT current_setting('client_min_messages'), ai_gen('qwen_plus', p) FROM words`,
    why: /it reads a setting that the gateway may set$/,
    hint: /^Ask for the setting in a statement of its own: /,
    form: `SELECT current_setting('client_min_messages');; SELECT ai_gen('qwen_plus', p) FROM words`,
  },
  'a function with a loop': {
    text: 'SELECT looped(p) FROM words',
    why: /they stand in a function or a block \(it does more than compute a value\)$/,
    hint: /^Write the AI function in the statement itself, /,
    form: `SELECT ai_gen('qwen_plus', p) FROM words`,
  },
  'a function in SQL of one row': {
    text: 'SELECT one_row(p) FROM words',
    why: /they stand in a function or a block \(its rows are read in parts\)$/,
    hint: /^Put the function in FROM, /,
    form: `SELECT ai_gen('qwen_plus', p) FROM words`,
  },
  'a DO block’s variables': {
    text: `DO $$ BEGIN FOR i IN 1..2 LOOP PERFORM ai_gen('qwen_plus', 'turn ' || i); END LOOP; END $$`,
    why: /they stand in a function or a block$/,
    hint: /^Let one query make the calls of all rows, /,
    form: `DO $$ DECLARE results text[]; BEGIN results := ARRAY(SELECT ai_gen('qwen_plus', p) FROM words); END $$`,
  },
  'ai_gen.at_once that is off': {
    text: `SET LOCAL ai_gen.at_once = off;; SELECT ai_gen('qwen_plus', p) FROM words`,
    why: /ai_gen\.at_once is off$/,
    hint: /^SET ai_gen\.at_once = on: /,
    form: `SET ai_gen.at_once = on;; SELECT ai_gen('qwen_plus', p) FROM words`,
  },
  'what another statement of the text writes': {
    text: `INSERT INTO answers SELECT p, ai_gen('qwen_plus', p) FROM words; SELECT ai_gen('qwen_plus', p) FROM answers`,
    why: /public\.answers is read and written$/,
    hint: /^Make the calls of all rows in one statement /,
  },
};

describe('what is told of', () => {
  test.each(Object.entries(kinds))(
    '%s has a form that is at once',
    async (_name, { text, why, hint, form }) => {
      expect(await toldOf(text)).toEqual([
        { message: expect.stringMatching(why), hint: expect.stringMatching(hint) },
      ]);
      if (form) expect(await toldOf(form)).toEqual([]);
    },
  );

  test('an error of the look says of what kind it is, and nothing of the rows', async () => {
    const failing = (value: string) => `SELECT ${value} FROM words`;
    const divided = await toldOf(failing("100 / length(coalesce(ai_gen('qwen_plus', p), ''))"));
    expect(divided).toEqual([
      {
        message: expect.stringMatching(
          /another: its calls could not be looked for: something is divided by zero while results are not there yet \(SQLSTATE 22012\)$/,
        ),
        hint: expect.stringMatching(/^Make the calls first, /),
      },
    ]);
    const [read] = await toldOf(
      failing("CASE WHEN ai_gen('qwen_plus', p) IS NULL THEN ('secret of ' || p)::int END"),
    );
    expect(read?.message).toMatch(/a value cannot be computed while results are not there yet/);
    expect(read?.message).not.toMatch(/secret/);
    expect(await toldOf(`${made("ai_gen('qwen_plus', p)")};; SELECT 100 / length(result) FROM made`)).toEqual(
      [],
    );
  });
});

describe('where the second call is of another statement', () => {
  let raw: RawClient;
  beforeAll(async () => {
    raw = await session(gateway.url);
  });
  afterAll(() => raw?.close());

  const block = (name: string) => `DO $$ BEGIN PERFORM ai_gen('qwen_plus', '${name}'); END $$`;
  const one = (name: string) => `SELECT ai_gen('qwen_plus', '${name}')`;

  /** What is told of calls while so many of these messages are answered to the end. */
  async function toldWhile(ends: number, ...messages: Buffer[]): Promise<string[]> {
    raw.write(...messages);
    const frames: Frame[] = [];
    for (let each = 0; each < ends; each++) frames.push(...(await raw.until('Z')));
    const told = frames.filter(({ type }) => type === 'N').map(fields);
    return told.filter(({ M }) => M?.includes('one after another')).map(({ M, H }) => `${M} | ${H}`);
  }
  const pipe = (...texts: string[]) => [
    ...texts.flatMap((each) => [parse('', each), bind('', ''), execute('')]),
    sync,
  ];

  test('it is told once: of Queries that stand one behind another, as pgjdbc’s simple mode sends a batch', async () => {
    expect(await toldWhile(3, ...['a', 'b', 'c'].map((name) => query(one(name))))).toEqual([
      expect.stringMatching(
        /^the calls of statements that were sent together are made one after another: each statement makes one call, .* \| Make the calls of all rows in one statement .*preferQueryMode/,
      ),
    ]);
  });

  test('of blocks in one pipe, of some in one text, and of two in one block', async () => {
    const inBlock = expect.stringMatching(
      /one after another: they stand in a function or a block \| Let one query make the calls/,
    );
    expect(await toldWhile(1, ...pipe(block('d'), block('e'), block('f')))).toEqual([inBlock]);
    expect(await toldWhile(1, query(`${block('g')}; ${block('h')}`))).toEqual([
      expect.stringMatching(/\(several blocks were sent as one text\) \| Send them one by one/),
    ]);
    const two = block('i').replace('; END', "; PERFORM ai_gen('qwen_plus', 'j'); END");
    expect(await toldWhile(1, query(two))).toEqual([inBlock]);
  });

  test('it is not told of statements that wait for one another’s answers, nor of those that are at once', async () => {
    expect(await toldWhile(1, query('BEGIN'))).toEqual([]);
    for (const name of ['k', 'l', 'm']) expect(await toldWhile(1, query(one(name)))).toEqual([]);
    for (const name of ['n', 'o', 'p']) expect(await toldWhile(1, query(block(name)))).toEqual([]);
    expect(await toldWhile(1, query('COMMIT'))).toEqual([]);
    expect(await toldWhile(1, query(`${one('q')}; ${one('r')}`))).toEqual([]);
    expect(await toldWhile(1, ...pipe(one('s'), one('t'), one('u')))).toEqual([]);
  });

  test('it is told that ai_gen.at_once is off', async () => {
    await toldWhile(1, query('SET ai_gen.at_once = off'));
    expect(await toldWhile(1, ...pipe(one('v'), one('w')))).toEqual([
      expect.stringMatching(/one after another: ai_gen\.at_once is off \| SET ai_gen\.at_once = on/),
    ]);
  });
});

test('every reason that the sources know has a form of its own', () => {
  const root = join(import.meta.dirname, '../..');
  const texts = ['src/rewriter/look-ahead', 'src/calls', 'src/callback/questions'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((file) => readFileSync(join(root, folder, file), 'utf8')),
  );
  const told =
    /(?:\bwhy: |new Doubt\(|endLook\(\w+, |\bgive\(|(?:Doubt|Before|anotherWay|farByResult) = )(['`])(.*?)\1/g;
  const reasons = texts.flatMap((text) => [...text.matchAll(told)].map(([, , reason = '']) => reason));
  const given = reasons
    .filter((reason) => reason.includes(' '))
    .map((reason) => reason.replace(/\$\{\w+\}/g, '7'));
  expect(given.length).toBeGreaterThan(60);
  expect(given.filter((reason) => knownForm(reason) === undefined)).toEqual([]);
});
