/** Stands before Model Studio and breaks what passes, at random but the same again for the same seed; it knows what the provider really took. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';

/** Of the provider, and of the store: what is saved, looked at and fetched there. */
type Step = 'submit' | 'weak key' | 'look' | 'list' | 'result' | StoreStep;
type StoreStep = 'put' | 'input look' | 'input fetch';

/** A submit that the provider took. */
export interface Taken {
  word: string;
  requestId: string;
  taskId: string | undefined;
  key: string;
}

/** The keys of the world's pools: the second one has more against it. */
export const poolKeys = ['sk-pool-strong', 'sk-pool-weak'];

/** What is said instead of the provider's answer. `lost`: the provider gets the request, its answer is lost. */
type Fault =
  | { kind: 'reset' | 'lost' | 'unnamed' | 'empty' | 'short' }
  | { kind: 'says'; status: number; body: unknown };

const says = (status: number, body: unknown): Fault => ({ kind: 'says', status, body });
const refusal = (status: number, code: string) => says(status, { code, message: 'no', request_id: 'r' });
const statusWord = (task_status: string) => says(200, { request_id: 'r', output: { task_status } });
const page = '<html><body>Bad Gateway</body></html>';

/** What may happen to a request of each step. A submit is answered so only where the provider has not taken it, or as `lost`. */
const faults: Record<Exclude<Step, StoreStep>, Fault[]> = {
  submit: [
    { kind: 'reset' },
    { kind: 'lost' },
    { kind: 'lost' },
    { kind: 'unnamed' },
    refusal(429, 'Throttling.RateQuota'),
    refusal(401, 'InvalidApiKey'),
    refusal(400, 'Arrearage'),
    refusal(500, 'InternalError'),
  ],
  'weak key': [
    refusal(429, 'Throttling.RateQuota'),
    refusal(429, 'Throttling.AllocationQuota'),
    refusal(401, 'InvalidApiKey'),
    refusal(403, 'AccessDenied'),
    refusal(400, 'Arrearage'),
  ],
  look: [
    { kind: 'reset' },
    refusal(401, 'InvalidApiKey'),
    refusal(403, 'AccessDenied'),
    says(404, page),
    refusal(400, 'Arrearage'),
    says(418, 'a teapot'),
    refusal(500, 'InternalError'),
    refusal(429, 'Throttling'),
    says(200, page),
    says(502, page),
    statusWord('QUEUED'),
    statusWord('running'),
    statusWord(''),
    statusWord('UNKNOWN'),
    says(200, {}),
    says(200, []),
  ],
  list: [{ kind: 'reset' }, refusal(403, 'AccessDenied'), says(200, page), refusal(500, 'InternalError')],
  result: [{ kind: 'reset' }, says(403, 'no'), says(500, 'no'), { kind: 'empty' }, { kind: 'short' }],
};
const chance: Record<Step, number> = {
  submit: 0.2,
  'weak key': 0.4,
  look: 0.25,
  list: 0.3,
  result: 0.3,
  put: 0.25,
  'input look': 0.2,
  'input fetch': 0.2,
};
/** So often in a row: the world mends itself. */
const most: Record<Step, number> = {
  submit: 2,
  'weak key': 5,
  look: 6,
  list: 3,
  result: 3,
  put: 3,
  'input look': 3,
  'input fetch': 2,
};

export type Chaos = ReturnType<typeof createChaos>;

/** Decides by what a request is about and how often it came, not by when: a run is much the same again. */
export function createChaos(seed: number) {
  const counts = new Map<string, number>();
  const happened = new Map<string, number>();
  let calm = false;
  function number(name: string): number {
    return createHash('sha256').update(`${seed} ${name}`).digest().readUInt32BE(0) / 2 ** 32;
  }
  /** A number from 0 to 1 when it is to fail, else undefined. */
  function strikes(step: Step, about: string): number | undefined {
    const name = `${step} ${about}`;
    const nth = counts.get(name) ?? 0;
    counts.set(name, nth + 1);
    if (calm || nth >= most[step] || number(`${name} ${nth}`) > chance[step]) return undefined;
    return number(`what ${name} ${nth}`);
  }
  const note = (what: string) => happened.set(what, (happened.get(what) ?? 0) + 1);
  return {
    strikes,
    note,
    number,
    pick(step: Exclude<Step, StoreStep>, about: string): Fault | undefined {
      const drawn = strikes(step, about);
      const fault = drawn === undefined ? undefined : faults[step][Math.floor(drawn * faults[step].length)];
      if (fault) note(`${step} ${fault.kind === 'says' ? fault.status : fault.kind}`);
      return fault;
    },
    /** Nothing breaks any more. */
    end() {
      calm = true;
    },
    happened,
  };
}

const wordPattern = /s\d+c\d+-/;

export async function startFaultProxy(studioUrl: string, chaos: Chaos) {
  const taken: Taken[] = [];
  const wordOf = (text: string) =>
    wordPattern.exec(text)?.[0] ??
    taken.find(({ taskId, requestId }) => text.includes(taskId ?? requestId))?.word;

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming);
    const step = stepOf(incoming);
    const about =
      step === 'list'
        ? `list ${incoming.url}`
        : (wordOf(step === 'submit' ? body.toString() : `${incoming.url}`) ?? '');
    const key = String(incoming.headers.authorization).replace('Bearer ', '');
    const weak = step === 'submit' && key === poolKeys[1] && about !== '' && chaos.pick('weak key', about);
    const fault = weak || (about === '' ? undefined : chaos.pick(step, about));
    if (fault?.kind === 'reset') return void incoming.socket.resetAndDestroy();
    if (fault?.kind === 'says') return say(response, fault.status, fault.body);
    // A task is known to the key that submitted it alone.
    const strange =
      step === 'look' && taken.some(({ taskId, key: own }) => isOthers(incoming.url, taskId, own, key));
    if (strange) return say(response, 200, { request_id: 'r', output: { task_status: 'UNKNOWN' } });
    const { status, headers, bytes } = await pass(incoming, body);
    if (step === 'submit' && status === 200) note(about, key, bytes);
    if (fault?.kind === 'lost') return void incoming.socket.resetAndDestroy();
    if (fault?.kind === 'empty') return void response.writeHead(200, { 'content-type': 'image/png' }).end();
    if (fault?.kind === 'short') {
      response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, bytes.length / 2));
      return void response.destroy();
    }
    const listed = step === 'list' ? ownTasks(bytes, key) : bytes;
    const told = fault?.kind === 'unnamed' ? withoutTask(listed) : listed;
    response.writeHead(status, { ...headers, 'content-length': told.length }).end(told);
  }

  /** What a key's task list shows of a page. */
  function ownTasks(page: Buffer, key: string): Buffer {
    const body = JSON.parse(page.toString());
    const others = taken.filter(({ key: own }) => own !== key && poolKeys.includes(own));
    const isOwn = ({ task_id: id }: { task_id: string }) => !others.some(({ taskId }) => taskId === id);
    return Buffer.from(JSON.stringify({ ...body, data: body.data?.filter(isOwn) }));
  }

  /** The provider's own answer; its addresses lead through here. */
  async function pass(incoming: IncomingMessage, body: Buffer) {
    const { 'content-length': _length, host: _host, connection: _connection, ...headers } = incoming.headers;
    const {
      statusCode: status,
      headers: given,
      body: said,
    } = await request(studioUrl + incoming.url, {
      method: incoming.method as 'GET',
      headers: headers as Record<string, string>,
      ...(body.length > 0 && { body }),
    });
    const raw = Buffer.from(await said.arrayBuffer());
    const isJson = String(given['content-type']).includes('json');
    const bytes = isJson ? Buffer.from(raw.toString().replaceAll(studioUrl, url())) : raw;
    const {
      'content-length': _l,
      connection: _c,
      'keep-alive': _k,
      'transfer-encoding': _t,
      ...rest
    } = given;
    return { status, headers: rest as Record<string, string>, bytes };
  }

  function note(word: string, key: string, bytes: Buffer): void {
    const { request_id, id, output } = JSON.parse(bytes.toString());
    taken.push({ word, requestId: request_id ?? id, taskId: output?.task_id, key });
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url(),
    taken,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function isOthers(url = '', taskId: string | undefined, own: string, key: string): boolean {
  return taskId !== undefined && url.includes(taskId) && own !== key && poolKeys.includes(own);
}

function stepOf({ method, url = '' }: IncomingMessage): Exclude<Step, StoreStep> {
  if (url.startsWith('/results/')) return 'result';
  if (method === 'POST' && !url.endsWith('/cancel')) return 'submit';
  return url.includes('/tasks/?') ? 'list' : 'look';
}

async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function say(response: ServerResponse, status: number, body: unknown): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json' }).end(text);
}

/** An answer that names no task; where there is none it stays as it is. */
function withoutTask(bytes: Buffer): Buffer {
  const body = JSON.parse(bytes.toString());
  if (body.output?.task_id) delete body.output.task_id;
  return Buffer.from(JSON.stringify(body));
}
