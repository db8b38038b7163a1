/** Sequences of protocol messages beyond one statement each: function calls, several portals, pipelines that fail in the middle. */
import {
  bind,
  copyData,
  copyDone,
  describe,
  execute,
  frame,
  int16,
  int32,
  parse,
  query,
  sync,
  text,
} from '../frontend/raw-client.js';

/** Object ids of built-in functions are the same in every PostgreSQL. */
const functions = { int4pl: 177, textcat: 1258, version: 89, none: 4_000_000_000 };

/** @see https://www.postgresql.org/docs/current/protocol-message-formats.html FunctionCall */
function call(id: number, values: (Buffer | null)[], formats: number[], result: number): Buffer {
  const items = values.flatMap((value) => (value ? [int32(value.length), value] : [int32(0xffffffff)]));
  const counted = (list: number[]) => [int16(list.length), ...list.map(int16)];
  return frame('F', int32(id), ...counted(formats), int16(values.length), ...items, int16(result));
}

const close = (kind: 'S' | 'P', name: string) => frame('C', Buffer.from(kind), text(name));
const flush = frame('H');
const typed = (name: string, sql: string, types: number[]) =>
  frame('P', text(name), text(sql), int16(types.length), ...types.map(int32));
const gbk = (bytes: string) => Buffer.from(bytes, 'latin1');
const words = (...values: string[]) => values.map((value) => Buffer.from(value));
const one = (statement: string) => [parse('', statement), bind('', ''), execute('')];

/** What is sent in one go; the types of all answers; the SQLSTATEs among them. */
export const sequences: Record<string, { messages: Buffer[]; types: string; refused: string[] }> = {
  'function call, text and binary': {
    messages: [
      call(functions.int4pl, words('40', '2'), [0], 0),
      call(functions.int4pl, [int32(40), int32(2)], [1], 1),
      call(functions.int4pl, [int32(40), Buffer.from('2')], [1, 0], 0),
      call(functions.textcat, words('grö', 'ße'), [], 0),
      call(functions.version, [], [], 0),
    ],
    types: 'VZVZVZVZVZ',
    refused: [],
  },
  'function call: NULL, wrong arguments, unknown function, failed transaction': {
    messages: [
      call(functions.int4pl, [null, int32(2)], [1], 1),
      call(functions.int4pl, words('1'), [0], 0),
      call(functions.int4pl, words('x', '2'), [0], 0),
      call(functions.int4pl, words('2147483647', '1'), [0], 0),
      call(functions.none, words('x'), [0], 0),
      query('BEGIN'),
      call(1, [], [], 0),
      call(functions.int4pl, words('1', '2'), [0], 0),
      query('ROLLBACK'),
      call(functions.int4pl, words('1', '2'), [0], 0),
    ],
    types: 'VZEZEZEZEZCZEZEZCZVZ',
    refused: ['08P01', '22P02', '22003', '42883', '42883', '25P02'],
  },
  'two portals of one statement, read in turn': {
    messages: [
      query('BEGIN'),
      typed('rows', 'SELECT n, $1::text FROM generate_series(1, 5) n', [25]),
      describe('S', 'rows'),
      bind('a', 'rows', ['left']),
      bind('b', 'rows', ['right 中']),
      describe('P', 'b'),
      ...[execute('a', 2), execute('b', 3), execute('a', 2), execute('b', 3), execute('a'), execute('a')],
      close('P', 'a'),
      sync,
      execute('b'),
      sync,
      execute('a'),
      sync,
      query('ROLLBACK'),
      execute('b'),
      sync,
    ],
    types: 'CZ1tT22TDDsDDDsDDsDDCDCC3ZCZEZCZEZ',
    refused: ['34000', '34000'],
  },
  'a pipeline that fails in the middle skips up to Sync, the next one runs': {
    messages: [
      ...one('CREATE TABLE play.piped (a int)'),
      ...one('INSERT INTO play.piped VALUES (1)'),
      ...one('SELECT 1 / 0'),
      ...one('INSERT INTO play.piped VALUES (2)'),
      sync,
      ...one('SELECT count(*) FROM play.piped'),
      sync,
      ...one('SELECT 3'),
      flush,
      ...one('SELECT 4'),
      sync,
    ],
    types: '12C12C1EZEZ12DC12DCZ',
    refused: ['22012', '42P01'],
  },
  'statements and portals that are there twice, closed twice, or never': {
    messages: [
      ...[parse('twice', 'SELECT 1'), parse('twice', 'SELECT 2'), sync],
      ...[bind('p', 'twice'), bind('p', 'twice'), sync],
      ...[close('S', 'twice'), close('S', 'twice'), close('P', 'nothing'), sync],
      ...[bind('', 'twice'), sync],
      ...[describe('S', 'twice'), sync, describe('P', 'none'), sync],
      ...[parse('', 'SELECT $1::int'), bind('', '', []), sync],
      ...[parse('', ''), bind('', ''), describe('P', ''), execute(''), sync],
      ...[parse('', 'SELECT 1; SELECT 2'), sync],
      ...[describe('S', ''), sync],
    ],
    types: '1EZ2EZ333ZEZEZEZ1EZ12nIZEZEZ',
    refused: ['42P05', '42P03', '26000', '26000', '34000', '08P01', '42601', '26000'],
  },
  'COPY data that nobody asked for is passed over': {
    messages: [copyData('1\n'), copyDone, query('SELECT 1'), copyDone, ...one('SELECT 2'), sync],
    types: 'TDCZ12DCZ',
    refused: [],
  },
  'COPY both ways inside one pipeline': {
    messages: [
      query('CREATE TABLE play.copied (a int)'),
      ...one('COPY play.copied FROM STDIN'),
      ...[copyData('1\n2'), copyData('\n3\n'), copyDone],
      ...one('COPY play.copied TO STDOUT'),
      sync,
    ],
    types: 'CZ12GC12HdddcCZ',
    refused: [],
  },
  'words of another code page beside words the gateway looks for': {
    messages: [
      query("SET client_encoding = 'GBK'"),
      frame('Q', gbk("SELECT '\xd6\xd0\xce\xc4' AS hg_\xd6\xd0; SELECT hg_nope\0")),
      frame('P', gbk("\0SELECT 'hg_\xd6\xd0' AS orientation\0\0\0")),
      ...[bind('', ''), describe('P', ''), execute(''), sync],
    ],
    types: 'CSZTDCEZ12TDCZ',
    refused: ['42703'],
  },
};
