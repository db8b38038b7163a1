/** A driver for the tiny provider: all that a second provider needs. */
import { Readable } from 'node:stream';
import { KnownError } from '../../../src/errors.js';
import { requiredText } from '../../../src/fields.js';
import {
  type CheckedRequest,
  type Look,
  type Made,
  type Provider,
  ProviderFailure,
  type ProviderModel,
} from '../../../src/providers/provider.js';

const bill = { units: { pictures: 1 }, cost: { amount: 0.01, currency: 'EUR' } };
const modelTypes = ['tiny-grey', 'tiny-grey-later'];

interface TinyRequest extends CheckedRequest {
  prompt: string;
}

export function tinyProvider(url: string, defaultKey: string | undefined): Provider<TinyRequest> {
  const keyOf = ({ apiKey }: ProviderModel) => apiKey ?? defaultKey ?? noKey();
  const ask = (model: ProviderModel, path: string, method: string, body?: object) =>
    exchange(url + path, method, keyOf(model), body);
  return {
    names: ['tiny'],
    tasks: ['image-generation'],
    checkKey: (apiKey) => void (/^tiny-/.test(apiKey) || refuse('a key of tiny begins with tiny-')),
    checkDeployment: ({ modelType, task }) => {
      if (!modelTypes.includes(modelType) || task !== 'image-generation') refuse('tiny makes grey pictures');
    },
    modelTypes: () => modelTypes.map((modelType) => ({ model_type: modelType, task: 'image-generation' })),
    describe: ({ modelType, task }) => ({ model_type: modelType, task }),
    check: (model, text, _file, places) => check(model, text, (path) => places.readPath(path, 'output_dir')),
    imageFields: () => [],
    lines: (model) => [
      {
        account: keyOf(model),
        key: undefined,
        limits: { submitsPerSecond: 10, concurrentTasks: 2 },
        own: {},
      },
    ],
    async submit(model, request, _addresses, news) {
      await news.sending();
      const reply = await ask(model, '/', 'POST', { prompt: request.prompt, wait: request.followed });
      await news.taken('tiny', reply.task);
      return request.followed ? { taskId: String(reply.task), requestId: 'tiny' } : madeOf(reply.file);
    },
    async look(model, _request, taskId): Promise<Look> {
      const { cancelled, file } = await ask(model, `/tasks/${taskId}`, 'GET');
      if (cancelled) return { state: 'cancelled', error: new KnownError({ ...given, message: 'cancelled' }) };
      return file ? { state: 'made', made: madeOf(file) } : { state: 'goes on' };
    },
    pauseMs: () => 20,
    cancel: async (model, taskId) => Boolean((await ask(model, `/tasks/${taskId}`, 'DELETE')).cancelled),
    find: async () => ({ state: 'lost', error: lost('nobody can say') }),
    async download(address) {
      const { body } = await fetch(address);
      return { stream: Readable.fromWeb(body as never) };
    },
    close: async () => {},
  };
}

const given = { kind: 'queryCanceled' } as const;

function check(
  { modelType }: ProviderModel,
  text: string,
  readPath: (path: string) => TinyRequest['output'],
): TinyRequest {
  const fields = JSON.parse(text);
  const { output_dir: output } = fields;
  return {
    ...{ scenario: 'text-to-image', makes: 'pictures', media: [], notes: [], estimate: bill },
    followed: modelType === 'tiny-grey-later',
    prompt: requiredText(fields, 'prompt'),
    output: output ? readPath(`${output}`) : undefined,
  };
}

function madeOf(file: unknown): Made {
  const nothing = { text: undefined, task: undefined, notes: [], usage: {} };
  return { requestId: 'tiny', urls: [String(file)], bill, ...nothing };
}

interface TinyReply {
  task?: string;
  file?: string;
  cancelled?: boolean;
}

async function exchange(url: string, method: string, key: string, body?: object): Promise<TinyReply> {
  const init = { method, headers: { authorization: key }, body: body && JSON.stringify(body) };
  const response = await fetch(url, init).catch((cause: unknown) => {
    throw method === 'POST' ? lost('no answer', cause) : failure('connectionFailure', 'no answer', 'again');
  });
  if (response.ok) return response.json() as Promise<TinyReply>;
  throw failure(response.status === 401 ? 'providerAuthorization' : 'providerFailure', 'refused', 'no');
}

function failure(kind: KnownError['kind'], message: string, repeat: 'no' | 'again'): ProviderFailure {
  return new ProviderFailure({ kind, code: 'Tiny', message, repeat, requestId: '' });
}

function lost(message: string, cause?: unknown): ProviderFailure {
  const facts = { kind: 'connectionFailure', code: 'Lost', repeat: 'no', requestId: '' } as const;
  return new ProviderFailure({ ...facts, message, mayBeTaken: true, cause });
}

function refuse(message: string): never {
  throw new KnownError({ kind: 'invalidParameterValue', message });
}

function noKey(): never {
  throw new KnownError({ kind: 'providerAuthorization', message: 'tiny needs a key' });
}
