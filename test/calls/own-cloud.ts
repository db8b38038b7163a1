/** A gateway that is told of no sandbox: a cloud that the test owns and breaks at will stands where the real one would. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createCredentialRegistry } from '../../sandbox/credentials.js';
import { sandboxKeys } from '../../sandbox/keys.js';
import { type ModelStudioOptions, startModelStudio } from '../../sandbox/model-studio/server.js';
import { startObjectStore } from '../../sandbox/object-store/server.js';
import { startSts } from '../../sandbox/sts/server.js';
import type { SettingTexts } from '../../src/settings/table.js';
import { startTestGateway } from '../gateway.js';

/** What is said instead of the provider's answer. `lost`: the provider takes the request, its answer is lost; `continued`: it comes after what RFC 9110 lets anybody say before. */
export type Said =
  | { status: number; headers?: Record<string, string>; body: string | object }
  | 'reset'
  | 'lost'
  | 'continued';

interface Seen {
  method: string;
  path: string;
  model: string | undefined;
  /** The API key that it came with. */
  key: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: as the provider's API has it
  body: any;
}

/** The name under which the task list of a model type is scripted. */
function listOf(path: string): string | undefined {
  const url = new URL(path, 'http://127.0.0.1');
  return url.pathname === '/api/v1/tasks/' ? `list ${url.searchParams.get('model_name')}` : undefined;
}

/** The span of a task list, which is told by the provider's clock, in Beijing's time. */
function byItsClock(path: string, aheadMs: number): string {
  return path.replace(/(_time=)(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/g, (_all, name, ...parts) => {
    const [year, month, ...others] = parts.slice(0, 6).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const time = new Date(Date.UTC(year, month - 1, ...others) - aheadMs);
    return name + time.toISOString().replace(/\D/g, '').slice(0, 14);
  });
}

/** Stands before Model Studio and passes everything on, but for what `script` foresees. */
export async function startSpeaker(studioUrl: string) {
  const scripts = new Map<string, Said[]>();
  const seen: Seen[] = [];
  let clockAheadMs = 0;
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = '', url: path = '' } = incoming;
    const sent = body.length > 0 ? JSON.parse(body.toString()) : undefined;
    const model: string | undefined = sent?.model;
    const key = incoming.headers.authorization?.replace('Bearer ', '');
    seen.push({ method, path, model, key, body: sent });
    const said = [model, listOf(path), path.split('?')[0]]
      .map((name) => scripts.get(name ?? '')?.shift())
      .find((each) => each !== undefined);
    if (said === 'continued') {
      incoming.socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Con');
      await delay(50);
      incoming.socket.write('tinue\r\nvia: 1.1 somebody\r\n\r\n');
    }
    if (said === 'reset') incoming.socket.resetAndDestroy();
    else if (typeof said !== 'object') pass(incoming, body, response, said === 'lost');
    else {
      const text =
        typeof said.body === 'string' || Buffer.isBuffer(said.body) ? said.body : JSON.stringify(said.body);
      response.writeHead(said.status, { 'content-type': 'application/json', ...said.headers }).end(text);
    }
  });

  function pass(incoming: IncomingMessage, body: Buffer, response: ServerResponse, lost: boolean): void {
    const onward = httpRequest(studioUrl + byItsClock(`${incoming.url}`, clockAheadMs), {
      method: incoming.method,
      headers: incoming.headers,
    });
    onward.on('response', (answer) => {
      if (lost) {
        answer.resume();
        incoming.socket.resetAndDestroy();
        return;
      }
      const date = new Date(Date.now() + clockAheadMs).toUTCString();
      response.writeHead(answer.statusCode ?? 500, { ...answer.headers, date });
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    /** Says these instead of the next answers to a model type's submits, to `list <type>`, or to requests for a path. */
    script: (modelOrPath: string, ...said: Said[]) => scripts.set(modelOrPath, said),
    /** The provider's clock is so far ahead of ours. */
    setClock(aheadMs: number) {
      clockAheadMs = aheadMs;
    },
    /** Submits for a model type. */
    submits: (model: string) => seen.filter((each) => each.method === 'POST' && each.model === model).length,
    /** What was submitted for a model type. */
    bodies: (model: string) => seen.filter((each) => each.model === model).map((each) => each.body),
    /** Everything that was asked so far, with the key that it was asked with. */
    seen: () => [...seen],
    /** Nobody listens any more until the returned function is called. */
    async hangUp(): Promise<() => Promise<void>> {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      return async () => {
        server.listen(port, '127.0.0.1');
        await once(server, 'listening');
      };
    },
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export type OwnCloud = Awaited<ReturnType<typeof startOwnCloud>>;

/** The bucket `bucket` exists and is empty. The gateway's base identity comes from the environment, as in production. */
export async function startOwnCloud(
  options: Partial<ModelStudioOptions> = {},
  settings: Partial<SettingTexts> = {},
) {
  const directory = await mkdtemp(join(tmpdir(), 'hologen-own-cloud-'));
  const credentials = createCredentialRegistry();
  const [studio, store, sts] = await Promise.all([
    startModelStudio({
      ...{ directory: join(directory, 'results'), rateLimits: 'off', imageMs: 0, videoMs: 0, textMs: 0 },
      ...options,
    }),
    startObjectStore({ directory: join(directory, 'oss'), credentials }),
    startSts({ credentials, baseAccessKeys: [sandboxKeys] }),
  ]);
  await store.createBucket('bucket');
  const speaker = await startSpeaker(studio.url);
  process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = sandboxKeys.accessKeyId;
  process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET = sandboxKeys.accessKeySecret;
  const gateway = await startTestGateway(
    {
      sandbox: 'off',
      providerUrl: `${speaker.url}/api/v1`,
      apiKey: 'sk-test',
      ossEndpoint: store.url,
      stsEndpoint: sts.url,
      allowedRoles: '*',
      ...settings,
    },
    { modelStudio: studio.url, oss: store.url, sts: sts.url },
  );
  return {
    gateway,
    studio,
    store,
    speaker,
    async close() {
      await gateway.close();
      await Promise.all([speaker.close(), studio.close(), store.close(), sts.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
