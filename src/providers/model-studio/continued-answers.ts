/**
 * Passes over a `100 Continue` that nobody has asked for. Undici breaks the connection at one, and the answer that comes behind it, which is paid
 * for, would be lost; whoever stands between us and the provider may send it (RFC 9110, section 15.2: a client must be able to read it).
 */
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';

const status = Buffer.from('HTTP/1.1 100');
const headEnd = Buffer.from('\r\n\r\n');

/** Connects as undici does with these options. */
export function connectContinued(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector(options);
  return (target, done) =>
    connect(target, (...given) => {
      if (given[1]) passOverContinue(given[1]);
      done(...given);
    });
}

/** Undici reads an answer's first bytes at the begin of a chunk: requests do not overlap on a connection. */
function passOverContinue(socket: Socket): void {
  const read = socket.read.bind(socket);
  let begun: Buffer = Buffer.alloc(0);
  socket.read = (size?: number) => {
    for (;;) {
      const chunk: Buffer | null = read(size);
      if (chunk === null) return chunk;
      begun = behindContinue(begun.length > 0 ? Buffer.concat([begun, chunk]) : chunk);
      if (begun.length === 0 || isContinue(begun)) continue;
      const rest = begun;
      begun = Buffer.alloc(0);
      return rest;
    }
  };
}

function isContinue(bytes: Buffer): boolean {
  return bytes.length >= status.length && bytes.compare(status, 0, status.length, 0, status.length) === 0;
}

/** What is left behind all that are whole. */
function behindContinue(bytes: Buffer): Buffer {
  let rest = bytes;
  while (isContinue(rest)) {
    const end = rest.indexOf(headEnd);
    if (end < 0) break;
    rest = rest.subarray(end + headEnd.length);
  }
  return rest;
}
