/** A bare HTTP client for the sandbox Model Studio and a server of media files, for its tests. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ModelStudio,
  type ModelStudioOptions,
  startModelStudio,
} from '../../../sandbox/model-studio/server.js';

// biome-ignore lint/suspicious/noExplicitAny: answers are read like JavaScript, a wrong shape fails the test
export type Json = any;

export interface Answer {
  status: number;
  headers: Headers;
  body: Json;
}

export interface StudioClient extends AsyncDisposable {
  studio: ModelStudio;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Submits to `/api/v1/services/aigc/<path>`. */
  submit(path: string, body: unknown): Promise<Answer>;
  submitTask(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Polls until the task is at an end, or until `wanted` is its status. */
  poll(taskId: string, wanted?: string): Promise<Json>;
}

export const paths = {
  picture: 'multimodal-generation/generation',
  qwenTask: 'text2image/image-synthesis',
  wanTask: 'image-generation/generation',
  video: 'video-generation/video-synthesis',
  keyFrames: 'image2video/video-synthesis',
};

/** Starts a quick sandbox without limits in a directory of its own. */
export async function startStudio(options: Partial<ModelStudioOptions> = {}): Promise<StudioClient> {
  const directory = await mkdtemp(join(tmpdir(), 'model-studio-'));
  const studio = await startModelStudio({
    directory,
    imageMs: 1,
    videoMs: 1,
    textMs: 1,
    rateLimits: 'off',
    ...options,
  });

  async function send(method: string, path: string, body?: unknown, headers = {}): Promise<Answer> {
    const response = await fetch(`${studio.url}${path}`, {
      method,
      headers: {
        authorization: 'Bearer sk-test',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  return {
    studio,
    send,
    submit: (path, body) => send('POST', `/api/v1/services/aigc/${path}`, body),
    submitTask: (path, body, headers) =>
      send('POST', `/api/v1/services/aigc/${path}`, body, { 'x-dashscope-async': 'enable', ...headers }),
    async poll(taskId, wanted) {
      for (;;) {
        const { body } = await send('GET', `/api/v1/tasks/${taskId}`);
        const status = body.output.task_status;
        if (wanted ? status === wanted : !['PENDING', 'RUNNING'].includes(status)) return body;
      }
    },
    async [Symbol.asyncDispose]() {
      await studio.close();
      await rm(directory, { recursive: true });
    },
  };
}

export interface MediaServer extends AsyncDisposable {
  url: string;
}

/** Serves the given files; `/hang` never answers, everything else is 404. */
export async function serveMedia(files: Record<string, Uint8Array>): Promise<MediaServer> {
  const server = createServer((request, response) => {
    if (request.url === '/hang') return;
    const file = files[(request.url ?? '').slice(1).split('?')[0] ?? ''];
    response.writeHead(file ? 200 : 404).end(file ?? 'not here');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A silent WAV file: 8 kHz, 8 bits, one channel. */
export function wavFile(seconds: number): Buffer {
  const samples = Buffer.alloc(Math.round(seconds * 8000), 128);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(8000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}
