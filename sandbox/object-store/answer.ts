/** Sends one answer of the object store: common headers, XML, errors, files, and the faults of the last moment. */
import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Fault } from './faults.js';
import type { RecordedRequest } from './recording.js';
import { type Refusal, refusalXml } from './refusal.js';

export interface Answer {
  requestId: string;
  send(status: number, headers?: Record<string, string>, xml?: string): Promise<void>;
  /** Sends a body that was made for this answer. */
  sendBody(headers: Record<string, string>, body: Buffer): Promise<void>;
  /** Sends `lengthBytes` of a file from `startByte`, then closes it. HEAD sends the headers alone. */
  sendFile(status: number, headers: Record<string, string>, slice: FileSlice): Promise<void>;
  refuse(refusal: Refusal): Promise<void>;
}

export interface FileSlice {
  file: FileHandle;
  startByte: number;
  lengthBytes: number;
}

export interface AnswerOptions {
  incoming: IncomingMessage;
  response: ServerResponse;
  record: RecordedRequest;
  fault: Fault | undefined;
}

const readChunkBytes = 256 * 1024;

export function createAnswer({ incoming, response, record, fault }: AnswerOptions): Answer {
  const requestId = randomBytes(12).toString('hex').toUpperCase();
  const startedMs = Date.now();

  function start(status: number, headers: Record<string, string>): boolean {
    if (fault?.answer === 'lost-answer') {
      breakConnection(incoming);
      return false;
    }
    record.status = status;
    response.writeHead(status, {
      Server: 'AliyunOSS',
      'x-oss-request-id': requestId,
      'x-oss-server-time': String(Date.now() - startedMs),
      ...headers,
    });
    return true;
  }

  const end = (body?: string | Buffer) => endResponse(response, body);

  return {
    requestId,
    async send(status, headers = {}, xml) {
      const mayHaveBody = status !== 204 && status !== 304;
      const body = xml ?? '';
      const common: Record<string, string> = xml === undefined ? {} : { 'Content-Type': 'application/xml' };
      if (mayHaveBody) common['Content-Length'] = String(Buffer.byteLength(body));
      if (start(status, { ...common, ...headers })) await end(mayHaveBody ? body : undefined);
    },
    async sendBody(headers, body) {
      if (start(200, { ...headers, 'Content-Length': String(body.length) })) await end(body);
    },
    async sendFile(status, headers, { file, startByte, lengthBytes }) {
      try {
        const isStarted = start(status, { ...headers, 'Content-Length': String(lengthBytes) });
        if (!isStarted) return;
        if (record.method === 'HEAD' || lengthBytes === 0) return await end();
        await sendSlice({ file, startByte, lengthBytes }, response, fault);
        if (fault?.answer === 'reset') setImmediate(breakConnection, incoming);
      } finally {
        await file.close();
      }
    },
    async refuse(refusal) {
      record.code = refusal.code;
      const xml = refusalXml(refusal, requestId, record.host);
      const headers: Record<string, string> = refusal.ec === undefined ? {} : { 'x-oss-ec': refusal.ec };
      if (record.method !== 'HEAD') return await this.send(refusal.status, headers, xml);
      // A HEAD answer has no body: the same document travels in a header.
      const told = { ...headers, 'x-oss-err': Buffer.from(xml).toString('base64'), 'Content-Length': '0' };
      if (start(refusal.status, told)) await end();
    },
  };
}

function endResponse(response: ServerResponse, body: string | Buffer | undefined): Promise<void> {
  return new Promise((resolve) => {
    // Of a client that is gone already no other word comes.
    if (response.destroyed) return resolve();
    response.once('close', resolve);
    response.end(body, () => resolve());
  });
}

async function sendSlice(
  { file, startByte, lengthBytes }: FileSlice,
  response: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  const cutBytes = isCut(fault) ? Math.min(fault?.afterBytes ?? 0, lengthBytes) : lengthBytes;
  if (cutBytes === 0) {
    response.flushHeaders();
    return;
  }
  const end = startByte + cutBytes - 1;
  const options = { start: startByte, end, autoClose: false, highWaterMark: readChunkBytes };
  await pipeline(file.createReadStream(options), response, { end: !isCut(fault) });
}

/** Sends a TCP reset, as a crashed server or a middlebox does. */
export function breakConnection(incoming: IncomingMessage): void {
  incoming.socket.resetAndDestroy();
}

function isCut(fault: Fault | undefined): boolean {
  return fault?.answer === 'reset' || fault?.answer === 'stall';
}
