/** A loopback proxy for tests that lets requests pass to a real server or makes them fail in chosen ways. */

import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * pass: forwarded. busy: answered 503 without forwarding. reset: connection cut without forwarding.
 * lost: forwarded, but its answer is cut off. silent: never answered. flipped: forwarded with one bit of the body changed.
 */
export type Fate = 'pass' | 'busy' | 'reset' | 'lost' | 'silent' | 'flipped';

export interface FaultProxy extends AsyncDisposable {
  url: string;
  /** `METHOD /path?query` of every request that arrived. */
  lines: string[];
  /** Decides what happens to a request; may be replaced at any time. */
  decide: (line: string) => Fate;
}

const busyAnswer =
  '<?xml version="1.0"?><Error><Code>ServiceUnavailable</Code><Message>busy</Message></Error>';

function forward(target: string, message: IncomingMessage, response: ServerResponse, fate: Fate): void {
  const { method, headers } = message;
  const onward = request(`${target}${message.url}`, { method, headers, agent: false }, (answer) => {
    if (fate === 'lost') {
      answer.resume();
      answer.on('end', () => message.socket.destroy());
      return;
    }
    response.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
    answer.pipe(response);
  });
  onward.on('error', () => message.socket.destroy());
  message.on('close', () => {
    if (!message.complete) onward.destroy();
  });
  if (fate === 'flipped') {
    message.once('data', (chunk: Buffer) => {
      chunk[0] = (chunk[0] ?? 0) ^ 1;
    });
  }
  message.pipe(onward);
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const lines: string[] = [];
  const server = createServer((message, response) => {
    const line = `${message.method} ${message.url}`;
    lines.push(line);
    const fate = proxy.decide(line);
    if (fate === 'reset') message.socket.destroy();
    else if (fate === 'silent') message.resume();
    else if (fate === 'busy') {
      message.resume();
      message.on('end', () => response.writeHead(503, { 'content-type': 'application/xml' }).end(busyAnswer));
    } else forward(target, message, response, fate);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const proxy: FaultProxy = {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    lines,
    decide: () => 'pass',
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

/** A rule that gives the first requests that match their fates and lets all others pass. */
export function fates(pattern: RegExp, ...list: Fate[]): (line: string) => Fate {
  const left = [...list];
  return (line) => (pattern.test(line) ? (left.shift() ?? 'pass') : 'pass');
}
