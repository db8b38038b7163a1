/** From a path of OpenAI's API to its answer: the key read, the body read, the work done as the key's role, errors in OpenAI's form. */
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Logger } from 'pino';
import { isObject, type Json } from '../../fields.js';
import { refuseBoundless } from '../../json-bounds.js';
import { asRole, type FrontDoor } from './as-role.js';
import type { Asked } from './asked.js';
import { completeChat } from './chat.js';
import { embed } from './embeddings.js';
import { type HandOver, handOverOf } from './hand-over.js';
import { makePictures } from './images.js';
import { readKey } from './key.js';
import { findModel, listModels } from './models.js';
import { asRefusal, errorBody, internalRefusal, Refusal } from './refusal.js';
import { textAt } from './request.js';
import { findVideo, makeVideo, openVideo } from './videos.js';

export interface Parts {
  door: FrontDoor;
  download: Asked['download'];
  log: Logger;
}

const routes: Record<string, (asked: Asked) => Promise<Json | Response>> = {
  'POST /v1/images/generations': makePictures,
  'POST /v1/embeddings': embed,
  'POST /v1/chat/completions': completeChat,
  'POST /v1/videos': makeVideo,
  'GET /v1/videos/:id': findVideo,
  'GET /v1/videos/:id/content': openVideo,
  'GET /v1/models': listModels,
  'GET /v1/models/:id': findModel,
};

/** Pictures as data: addresses in a conversation take some. */
const longestBodyBytes = 16 * 1024 * 1024;

type Bound = { Bindings: HttpBindings };

export function createApp(parts: Parts): Hono<Bound> {
  const app = new Hono<Bound>();
  app.use(bodyLimit({ maxSize: longestBodyBytes, onError: () => Promise.reject(tooLong) }));
  for (const [what, work] of Object.entries(routes)) {
    const [method = '', path = ''] = what.split(' ');
    app.on(method, path, async (context) => {
      const handOver = handOverOf(context.env.outgoing);
      try {
        const answer = await work(await read(context, parts, handOver));
        return answer instanceof Response ? answer : context.json(answer);
      } catch (error) {
        handOver.fail();
        throw error;
      }
    });
  }
  app.notFound(() => {
    throw new Refusal(404, {
      message: `there is no such address here; there are ${Object.keys(routes).join(', ')}`,
      code: 'not_found',
    });
  });
  app.onError((error, context) => {
    const refusal = asRefusal(error) ?? internalRefusal;
    if (refusal === internalRefusal) parts.log.error({ err: error }, 'the OpenAI door could not answer');
    context.header('x-should-retry', String(refusal.mayRetry));
    return context.json(errorBody(refusal), refusal.status as 400);
  });
  return app;
}

const tooLong = new Refusal(413, {
  message: `a request has at most ${longestBodyBytes / 1024 / 1024} MiB`,
  code: 'too_large',
});

async function read({ req }: Context, { door, download }: Parts, handOver: HandOver): Promise<Asked> {
  const account = readKey(req.header('authorization'));
  const body = req.method === 'POST' ? await readBody(req) : {};
  // What OpenAI's clients say of their own user is what the calls are tagged with.
  const tag = textAt(body, 'user');
  const gone = req.raw.signal;
  return {
    ...{ body, id: req.param('id') ?? '', download },
    runAs: (work) => asRole(door, account, { tag, gone, handOver, makes: req.method === 'POST' }, work),
  };
}

async function readBody(req: Context['req']): Promise<Json> {
  if (/^multipart\/form-data\b/i.test(req.header('content-type') ?? '')) return nested(await req.parseBody());
  const text = await req.text();
  refuseBoundless('the body', text);
  const content = parsed(text);
  if (isObject(content)) return content;
  throw new Refusal(400, { message: 'the body is not a JSON object', code: 'invalid_json' });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `file[oss_path]=…` as OpenAI's clients write nested fields in a form. */
function nested(form: Record<string, unknown>): Json {
  // Without a prototype: a field may be called __proto__, and is refused as any other that is not known.
  const body: Json = Object.create(null);
  for (const [name, value] of Object.entries(form)) {
    const [, outer, inner] = /^([^[]+)\[([^\]]+)\]$/.exec(name) ?? [];
    if (outer === undefined || inner === undefined) body[name] = value;
    else body[outer] = { ...(isObject(body[outer]) ? body[outer] : {}), [inner]: value };
  }
  return body;
}
