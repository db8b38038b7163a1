/** A session that hears all a server says, as text: columns with their types and origins, rows, tags, notices, errors with their positions. */
import { connect } from 'node:net';
import {
  bind as bindTexts,
  connectRaw,
  describe,
  execute,
  type Frame,
  fields,
  frame,
  int16,
  int32,
  login,
  parse,
  query,
  type RawClient,
  rawClient,
  row,
  sync,
  text,
} from '../../frontend/raw-client.js';

/** What is sent: a simple query, or, with parameters, Parse without a word on their types, Bind, Describe and Execute. */
export interface Sent {
  text: string;
  parameters?: (string | null)[];
  /** Execute asks for so many rows; then the portal is closed. */
  rows?: number;
  /** In place of `parameters`: one Parse, and a Bind and an Execute for each of them in one pipe, as drivers send batches. */
  batch?: (string | null)[][];
  /** Behind the batch in the same pipe, each with a Parse of its own. */
  behind?: { text: string; parameters: (string | null)[] }[];
  /** Parse and Describe alone. */
  prepare?: boolean;
  /** In place of all that these messages, with a Sync behind them; `text` tells of them. */
  frames?: Buffer[];
  /** What comes behind it is sent, too, if it fails. */
  mayFail?: boolean;
}

/** What came back, by what it is about. */
export interface Heard {
  parameters: string;
  names: string;
  types: string;
  /** The tables and columns that the server says the columns are from. */
  origins: string;
  rows: string[];
  tags: string;
  error: string;
  /** Where PL/pgSQL and SQL functions say an error came from. */
  context: string;
  position: string;
  notices: string[];
}

export interface WireSession {
  run(sent: Sent): Promise<Heard>;
  /** A statement of the test's own, which must not fail; the first column of its rows. */
  must(text: string): Promise<string[]>;
  close(): void;
}

export async function openSession(url: string, socketPath?: string): Promise<WireSession> {
  const client = socketPath ? await connectLocally(socketPath) : await connectRaw(url);
  await login(client, url);
  const run = async (sent: Sent) => {
    client.write(...messages(sent));
    return heard(await client.until('Z'));
  };
  return {
    run,
    async must(text) {
      const { error, rows } = await run({ text });
      if (error) throw new Error(`${error}: ${text}`);
      return rows;
    },
    close: client.close,
  };
}

async function connectLocally(path: string): Promise<RawClient> {
  const socket = connect({ path });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return rawClient(socket);
}

function messages({ text: sql, parameters, rows, batch, behind = [], prepare, frames }: Sent): Buffer[] {
  if (frames) return [...frames, sync];
  if (prepare) return [parse('', sql), describe('S', ''), sync];
  const runAll = (written: string, each: (string | null)[][]) => [
    parse('', written),
    ...each.flatMap((values) => [bindNullable(values), execute('')]),
  ];
  if (batch)
    return [...runAll(sql, batch), ...behind.flatMap((each) => runAll(each.text, [each.parameters])), sync];
  if (!parameters) return [query(sql)];
  const run = [describe('P', ''), execute('', rows ?? 0), frame('C', Buffer.from('P'), text('')), sync];
  return [parse('', sql), describe('S', ''), bindNullable(parameters), ...run];
}

function bindNullable(values: (string | null)[]): Buffer {
  const texts = values.filter((value) => value !== null);
  if (texts.length === values.length) return bindTexts('', '', texts);
  const bound = values.flatMap((value) =>
    value === null
      ? [Buffer.from([255, 255, 255, 255])]
      : [int32(Buffer.byteLength(value)), Buffer.from(value)],
  );
  return frame('B', text(''), text(''), int16(0), int16(values.length), ...bound, int16(0));
}

function heard(frames: Frame[]): Heard {
  const of = (type: string) => frames.filter((each) => each.type === type);
  const columns = of('T').map(columnsOf);
  const [error] = of('E').map(fields);
  return {
    parameters: of('t')
      .map(({ body }) => body.toString('hex'))
      .join(' '),
    names: columns.map((each) => each.map(({ name }) => name).join(', ')).join('; '),
    types: columns.map((each) => each.map(({ type }) => type).join(', ')).join('; '),
    origins: columns.map((each) => each.map(({ origin }) => origin).join(', ')).join('; '),
    // Those of COPY, too.
    rows: frames
      .filter(({ type }) => type === 'D' || type === 'd')
      .map((each) => (each.type === 'D' ? JSON.stringify(row(each)) : each.body.toString())),
    tags: frames
      .filter(({ type }) => type === 'C' || type === 's')
      .map(({ type, body }) => (type === 's' ? 'suspended' : body.toString('latin1', 0, body.length - 1)))
      .join('; '),
    error: error ? told(error) : '',
    context: error?.W ?? '',
    position: error?.P ?? '',
    notices: of('N')
      .map((each) => told(fields(each)))
      .filter((each) => !ofTheGateway.test(each)),
  };
}

/** What the gateway itself tells about the calls of a statement is no part of what the statement does. */
const ofTheGateway = /ai_gen|one after another|at once/;

function told(given: Record<string, string>): string {
  const shown = ['S', 'C', 'M', 'D', 'H', 's', 't', 'c', 'd', 'n'];
  const facts = shown.flatMap((code) => (given[code] ? [`${code} ${given[code]}`] : []));
  // Which number a call has in a statement that fails midway depends on how many others were made before.
  return facts.filter((fact) => !/^D Call \d+ of the statement\.$/.test(fact)).join(' | ');
}

/** @see https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-ROWDESCRIPTION */
function columnsOf({ body }: Frame) {
  let at = 2;
  return Array.from({ length: body.readUInt16BE(0) }, () => {
    const end = body.indexOf(0, at);
    const name = body.toString('utf8', at, end);
    const origin = `${body.readUInt32BE(end + 1)}.${body.readUInt16BE(end + 5)}`;
    const type = `${body.readUInt32BE(end + 7)}(${body.readInt16BE(end + 11)}, ${body.readInt32BE(end + 13)})`;
    at = end + 19;
    return { name, type, origin };
  });
}
