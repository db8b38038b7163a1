/** Stands before Model Studio and breaks what passes, at random but the same again for the same seed; it knows what the provider really took. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import type { Chaos, StudioStep } from './chaos.js';
import { createRefusedInputs } from './refused-inputs.js';

/** A submit that the provider took. */
export interface Taken {
  word: string;
  requestId: string;
  taskId: string | undefined;
  key: string;
}

/** The keys of the world's pools: the second one has more against it. */
export const poolKeys = ['sk-pool-strong', 'sk-pool-weak'];

/** The sandbox itself takes any key. */
export const wrongKey = 'sk-wrong';
const wrongKeyAnswer = { code: 'InvalidApiKey', message: 'Invalid API-key provided.', request_id: 'r' };

const wordPattern = /s\d+c\d+-/;

export async function startFaultProxy(studioUrl: string, chaos: Chaos) {
  const taken: Taken[] = [];
  const inputs = createRefusedInputs(chaos);
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
    if (key === wrongKey) return say(response, 401, wrongKeyAnswer);
    const weak = step === 'submit' && key === poolKeys[1] && about !== '' && chaos.pick('weak key', about);
    const fault = weak || (about === '' ? undefined : chaos.pick(step, about));
    if (fault?.kind === 'reset') return void incoming.socket.resetAndDestroy();
    if (fault?.kind === 'says') return say(response, fault.status, fault.body);
    // A task is known to the key that submitted it alone.
    const strange =
      step === 'look' && taken.some(({ taskId, key: own }) => isOthers(incoming.url, taskId, own, key));
    if (strange) return say(response, 200, { request_id: 'r', output: { task_status: 'UNKNOWN' } });
    const input = step === 'submit' ? inputs.atSubmit(about, body) : {};
    if (input.refused) return say(response, 400, { ...input.refused, request_id: 'r' });
    const { status, headers, bytes: given } = await pass(incoming, input.body ?? body);
    if (step === 'submit' && status === 200) inputs.willFail(note(about, key, given), input.reason);
    const bytes = step === 'look' ? inputs.inItsWords(given) : given;
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

  function note(word: string, key: string, bytes: Buffer): string | undefined {
    const { request_id, id, output } = JSON.parse(bytes.toString());
    taken.push({ word, requestId: request_id ?? id, taskId: output?.task_id, key });
    return output?.task_id;
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
    inputs,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function isOthers(url = '', taskId: string | undefined, own: string, key: string): boolean {
  return taskId !== undefined && url.includes(taskId) && own !== key && poolKeys.includes(own);
}

function stepOf({ method, url = '' }: IncomingMessage): StudioStep {
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
