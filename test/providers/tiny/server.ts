/** The tiniest provider there can be: it draws a grey picture, at once or as a task, and counts what it was asked. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export const tinyKey = 'tiny-key';
/** As much of a PNG as a reader of its beginning wants. */
const picture = Buffer.concat([Buffer.from([0x89]), Buffer.from('PNG\r\n\x1a\n, grey')]);

interface TinyTask {
  id: string;
  looks: number;
  cancelled: boolean;
}

interface TinyState {
  received: number;
  tasks: TinyTask[];
  losing: boolean;
}

export async function startTinyProvider() {
  const state: TinyState = { received: 0, tasks: [], losing: false };
  const server = createServer((incoming, response) => {
    answer(incoming, response, state).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    state,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(incoming: IncomingMessage, response: ServerResponse, state: TinyState): Promise<void> {
  const { method, url = '', headers } = incoming;
  const say = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
  if (url === '/grey.png') return void response.end(picture);
  if (method === 'POST') state.received += 1;
  if (headers.authorization !== tinyKey) return void say(401, { why: 'who are you?' });
  const file = `http://${headers.host}/grey.png`;
  if (method === 'POST') {
    const { wait } = (await json(incoming)) as { wait: boolean };
    const task = { id: `task-${state.received}`, looks: 0, cancelled: false };
    if (wait) state.tasks.push(task);
    if (state.losing) {
      state.losing = false;
      return void incoming.socket.resetAndDestroy();
    }
    return void say(200, wait ? { task: task.id } : { file });
  }
  const task = state.tasks.find(({ id }) => url === `/tasks/${id}`);
  if (!task) return void say(404, { why: 'no such task' });
  if (method === 'DELETE') task.cancelled = task.looks === 0;
  task.looks += 1;
  return void say(200, { cancelled: task.cancelled, ...(task.looks > 2 && { file }) });
}
