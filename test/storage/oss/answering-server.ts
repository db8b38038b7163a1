/** A loopback HTTP server for tests: answers as it is told and remembers what it was asked. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  method: string;
  url: string;
  form: URLSearchParams;
}

export interface AnsweringServer extends AsyncDisposable {
  url: string;
  received: ReceivedRequest[];
}

export type Answer = (
  request: ReceivedRequest,
  response: ServerResponse,
  message: IncomingMessage,
) => unknown;

export async function startAnsweringServer(answer: Answer): Promise<AnsweringServer> {
  const received: ReceivedRequest[] = [];
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const request = {
      method: message.method ?? '',
      url: message.url ?? '',
      form: new URLSearchParams(Buffer.concat(chunks).toString()),
    };
    received.push(request);
    await answer(request, response, message);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
