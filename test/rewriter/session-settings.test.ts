/** hg_* and optimizer_* settings as the engine is told of them: which texts change, and that nothing else in them does. */
import { beforeAll, describe, expect, test } from 'vitest';
import { loadParser } from '../../src/rewriter/parse.js';
import { editSettings, mapStartupParameters } from '../../src/rewriter/session-settings.js';
import { splice, unedited } from '../../src/rewriter/spliced-text.js';

function rewriteSettings(text: string): string {
  return splice(unedited(text), editSettings(text)).text;
}

beforeAll(loadParser);

describe('a setting’s name gets its dot, and nothing moves', () => {
  test.each([
    ['SET hg_x = on', 'SET hg.x = on'],
    ['set HG_Computing_Resource to serverless', 'set HG.Computing_Resource to serverless'],
    ['SET SESSION hg_x TO 1, 2', 'SET SESSION hg.x TO 1, 2'],
    ['SET LOCAL optimizer_join_order = query', 'SET LOCAL optimizer.join_order = query'],
    ['SET "hg_x" = \'v\';', 'SET "hg.x" = \'v\';'],
    ['SET hg_x TO DEFAULT', 'SET hg.x TO DEFAULT'],
    ['SET hg_x=on', 'SET hg.x=on'],
    ['RESET hg_x', 'RESET hg.x'],
    ['RESET "optimizer_join_order"', 'RESET "optimizer.join_order"'],
    ['ALTER DATABASE d SET hg_x = 1', 'ALTER DATABASE d SET hg.x = 1'],
    ['ALTER DATABASE "d" RESET "hg_x"', 'ALTER DATABASE "d" RESET "hg.x"'],
    ['ALTER ROLE r SET hg_x TO 1', 'ALTER ROLE r SET hg.x TO 1'],
    ['ALTER ROLE ALL IN DATABASE d SET hg_x TO DEFAULT', 'ALTER ROLE ALL IN DATABASE d SET hg.x TO DEFAULT'],
    ['ALTER USER r RESET hg_x', 'ALTER USER r RESET hg.x'],
    ['SET hg_x = on; SELECT 1; SET hg_y = off', 'SET hg.x = on; SELECT 1; SET hg.y = off'],
    ["SELECT '✓ 漢字 🎨'; SET hg_x = '✓'", "SELECT '✓ 漢字 🎨'; SET hg.x = '✓'"],
    ["ALTER SYSTEM SET hg_x = 'v'", "ALTER SYSTEM SET hg.x = 'v'"],
    ['ALTER SYSTEM RESET hg_x', 'ALTER SYSTEM RESET hg.x'],
    ['ALTER FUNCTION f(int) SET hg_x = 1', 'ALTER FUNCTION f(int) SET hg.x = 1'],
    ['ALTER PROCEDURE p RESET "hg_x"', 'ALTER PROCEDURE p RESET "hg.x"'],
    ["SELECT set_config('hg_x', 'hg_y', false)", "SELECT set_config('hg.x', 'hg_y', false)"],
    [
      "SELECT a, pg_catalog.Current_Setting ( 'HG_X', true ) FROM t",
      "SELECT a, pg_catalog.Current_Setting ( 'HG.X', true ) FROM t",
    ],
    [
      "CREATE VIEW v AS SELECT current_setting('optimizer_x')",
      "CREATE VIEW v AS SELECT current_setting('optimizer.x')",
    ],
    ['DO $$ BEGIN SET hg_x = 1; RESET hg_y; END $$', 'DO $$ BEGIN SET hg.x = 1; RESET hg.y; END $$'],
    [
      "DO LANGUAGE plpgsql $ü$ BEGIN IF true THEN SET LOCAL hg_x TO 'é'; END IF; END $ü$",
      "DO LANGUAGE plpgsql $ü$ BEGIN IF true THEN SET LOCAL hg.x TO 'é'; END IF; END $ü$",
    ],
    [
      "CREATE FUNCTION f() RETURNS text LANGUAGE sql SET hg_x = 1 AS $$ SET hg_y = 2; SELECT current_setting('hg_x') $$",
      "CREATE FUNCTION f() RETURNS text LANGUAGE sql SET hg.x = 1 AS $$ SET hg.y = 2; SELECT current_setting('hg.x') $$",
    ],
    [
      "CREATE PROCEDURE p() AS $b$ BEGIN PERFORM set_config('hg_x', '1', true); END $b$ LANGUAGE plpgsql SET hg_z TO 3",
      "CREATE PROCEDURE p() AS $b$ BEGIN PERFORM set_config('hg.x', '1', true); END $b$ LANGUAGE plpgsql SET hg.z TO 3",
    ],
  ])('%s', (text, expected) => {
    expect(rewriteSettings(text)).toBe(expected);
    expect(expected).toHaveLength(text.length);
  });
});

describe('only the name is renamed, not its namesakes', () => {
  test.each([
    ['/* hg_x */ SET hg_x = 1', '/* hg_x */ SET hg.x = 1'],
    ['-- hg_x first\nSET hg_x = 1', '-- hg_x first\nSET hg.x = 1'],
    ['SET /* hg_x */ LOCAL -- hg_x\n hg_x = 1', 'SET /* hg_x */ LOCAL -- hg_x\n hg.x = 1'],
    ["SET hg_x = 'hg_x'", "SET hg.x = 'hg_x'"],
    ['SET hg_x = hg_x', 'SET hg.x = hg_x'],
    ['ALTER DATABASE hg_x SET hg_x = 1', 'ALTER DATABASE hg_x SET hg.x = 1'],
    ['ALTER ROLE "hg_x" IN DATABASE hg_x RESET hg_x', 'ALTER ROLE "hg_x" IN DATABASE hg_x RESET hg.x'],
    ['SET hg_xy = 1; SET hg_x = 2', 'SET hg.xy = 1; SET hg.x = 2'],
  ])('%s', (text, expected) => {
    expect(rewriteSettings(text)).toBe(expected);
  });
});

describe('stays as it was written', () => {
  test.each([
    "SELECT 'SET hg_x = 1'",
    'SELECT hg_x FROM hg_t -- SET hg_x = 1',
    'SELECT $body$ SET hg_x = 1; $body$',
    "SET application_name = 'hg_x'",
    'SET hg.x = 1',
    'SET hgx = 1',
    'SET my_hg_x = 1',
    'SHOW optimizer',
    'CREATE TABLE hg_x (optimizer_y int)',
    'SELECT hg_version()',
    'SET hg_x = ',
    "SELECT my.set_config('hg_x', '1', false)",
    "SELECT set_config('my_hg_x', 'hg_x', false), current_setting($1), 'current_setting(''hg_x'')'",
    'UPDATE t SET hg_x = 1',
    'INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET hg_x = 2',
    'DO $$ BEGIN UPDATE t SET hg_x = 1; INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET hg_x = 2; END $$',
    'CREATE FUNCTION f() RETURNS void BEGIN ATOMIC UPDATE t SET hg_x = 1; END',
    "CREATE FUNCTION f(a text DEFAULT $$ SET hg_x = 1 $$) RETURNS text LANGUAGE sql AS 'SELECT 1'",
    'not SQL, but hg_x',
    '',
  ])('%j', (text) => {
    expect(rewriteSettings(text)).toBe(text);
  });
});

describe('startup parameters', () => {
  const map = (parameters: Record<string, string>) =>
    Object.fromEntries(mapStartupParameters(new Map(Object.entries(parameters))));

  test.each([
    ['-c hg_x=on', '-c hg.x=on'],
    ['-chg_x=on -c optimizer_y=1', '-chg.x=on -c optimizer.y=1'],
    ['--hg_x=on', '--hg.x=on'],
    ['-c search_path=hg_x', '-c search_path=hg_x'],
    ['-c geqo=off -c  hg_x=a\\ -c\\ hg_y=b', '-c geqo=off -c  hg.x=a\\ -c\\ hg_y=b'],
  ])('options %s', (options, expected) => {
    expect(map({ options })).toEqual({ options: expected });
  });

  test('a setting may be a parameter of its own; values are never touched', () => {
    expect(map({ user: 'hg_user', database: 'hg_x', hg_x: 'hg_y' })).toEqual({
      user: 'hg_user',
      database: 'hg_x',
      'hg.x': 'hg_y',
    });
  });

  test('parameters without such a setting are the very same map', () => {
    const parameters = new Map([['user', 'hg_user']]);
    expect(mapStartupParameters(parameters)).toBe(parameters);
  });
});
