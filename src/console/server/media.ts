/** Serves /media/: whole pictures and videos streamed from where they lie, small ones from the folder of thumbnails. */
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Agent, type Dispatcher, request as send } from 'undici';
import { formatOf, hasUse, isShownType } from '../../media/kinds.js';
import { publicLookup, refusePrivateHost } from '../../public-address.js';
import type { Storage } from '../../storage/storage.js';
import { Refusal } from './exchange.js';
import { type JobFacts, type Place, placeOf } from './job-media.js';
import type { ConsoleContext } from './passage.js';
import { findJob } from './queries.js';
import type { ConsoleSession } from './sessions.js';
import type { SignedAddresses } from './signed-addresses.js';
import type { Thumbnails } from './thumbnails.js';

export interface MediaTools {
  storage: Pick<Storage, 'readPath' | 'readFile' | 'presign' | 'checkRight'>;
  addresses: SignedAddresses;
  thumbnails: Thumbnails;
  /** Results of a provider on this machine may lie here too. */
  privateResults: boolean;
}

export interface Media {
  serve(context: ConsoleContext): Promise<Response>;
  close(): Promise<void>;
}

/** Also when somebody opens the address by itself, the content is never more than a picture or a video. */
const mediaHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'; img-src 'self'; media-src 'self'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};
const passedOn = ['content-length', 'content-range', 'etag', 'last-modified'] as const;
const presignedForSeconds = 900;
const cacheSeconds = 1800;

interface Surroundings extends MediaTools {
  dispatcher: Agent;
  /** For addresses that the provider's answers named. */
  results: Agent;
}

export function createMedia(tools: MediaTools): Media {
  const timeouts = { headersTimeout: 30_000, bodyTimeout: 60_000 };
  const connect = { timeout: 10_000 };
  const dispatcher = new Agent({ connect, ...timeouts });
  const publicly = { ...connect, ...(!tools.privateResults && { lookup: publicLookup }) };
  const around: Surroundings = {
    ...tools,
    dispatcher,
    results: new Agent({ connect: publicly, ...timeouts }),
  };
  return {
    serve: (context) => serve(context, around),
    close: () => Promise.all([dispatcher.destroy(), around.results.destroy()]).then(() => {}),
  };
}

async function serve(context: ConsoleContext, around: Surroundings): Promise<Response> {
  const session = context.get('session');
  const name = around.addresses.verify(new URL(context.req.url), session.id);
  if (!name) throw new Refusal(403, { message: 'this address is not valid any more' });
  const find = () => findPlace(session, name.jobId, name.place);
  if (name.form === 'whole') return sendWhole(context, await find(), around);
  // Not given up when this visitor goes: others may wait for the same picture, and it is kept.
  const { signal } = new AbortController();
  return sendSmall(`${name.jobId}-${name.place}.webp`, around.thumbnails, async () => {
    return (await open(await find(), {}, signal, around)).body;
  });
}

async function findPlace(session: ConsoleSession, jobId: string, which: string): Promise<Place> {
  const job: JobFacts | undefined = await findJob(session.pool, jobId);
  const place = job && placeOf(job, which);
  if (!place) throw new Refusal(404, { message: 'there is no such file' });
  return place;
}

/** Saved ones from their store; where the role may write but not read, and for unsaved ones, the provider's address while it lasts. */
async function open(
  place: Place,
  headers: Record<string, string>,
  signal: AbortSignal,
  around: Surroundings,
): Promise<Dispatcher.ResponseData> {
  const { dispatcher, results, storage } = around;
  const ways = [
    { address: () => storedAddress(place, signal, storage), dispatcher },
    { address: async () => resultAddress(place, around), dispatcher: results },
  ];
  for (const { address, dispatcher } of ways) {
    const url = await address().catch(() => undefined);
    if (!url) continue;
    const answer = await send(url, { dispatcher, headers, signal }).catch(() => undefined);
    if (answer && [200, 206, 304, 416].includes(answer.statusCode)) return answer;
    await answer?.body.dump().catch(() => {});
  }
  throw new Refusal(410, {
    message: 'this file is gone: it was not saved to OSS, or it was deleted there',
  });
}

/** As saving has it: https, and nothing in a private network. */
function resultAddress({ url: text }: Place, { privateResults }: Surroundings): string | undefined {
  if (!text || privateResults) return text;
  const url = new URL(text);
  refusePrivateHost(url);
  return url.protocol === 'https:' ? text : undefined;
}

async function storedAddress(
  { saved }: Place,
  signal: AbortSignal,
  storage: MediaTools['storage'],
): Promise<string | undefined> {
  if (!saved) return undefined;
  const { right } = storage.readFile(saved.file);
  storage.checkRight(right);
  const path = storage.readPath(saved.path, 'path');
  return storage.presign(path, right, { expiresSeconds: presignedForSeconds, signal });
}

/** Written to Node's own response: it streams with the visitor's own speed, and a visitor who goes ends the download. */
async function sendWhole(
  { req, env }: ConsoleContext,
  place: Place,
  around: Surroundings,
): Promise<Response> {
  const { outgoing } = env as { outgoing: ServerResponse };
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const wanted = ['range', 'if-range', 'if-none-match'] as const;
  const headers = Object.fromEntries(
    wanted.flatMap((name) => [[name, req.header(name)]].filter(([, value]) => value)),
  );
  const answer = await open(place, headers, gone.signal, around);
  const contentType = typeOf(String(answer.headers['content-type'] ?? ''), place);
  if (!contentType) {
    answer.body.destroy();
    throw new Refusal(415, { message: 'this file is neither a picture nor an MP4 video' });
  }
  const kept = passedOn.flatMap((name) => (answer.headers[name] ? [[name, answer.headers[name]]] : []));
  outgoing.writeHead(answer.statusCode, {
    ...mediaHeaders,
    ...Object.fromEntries(kept),
    'content-type': contentType,
    'accept-ranges': 'bytes',
    'cache-control': `private, max-age=${cacheSeconds}`,
  });
  if (req.method === 'HEAD') {
    answer.body.destroy();
    outgoing.end();
  } else await pipeline(answer.body, outgoing);
  return RESPONSE_ALREADY_SENT;
}

async function sendSmall(
  name: string,
  thumbnails: Thumbnails,
  openPicture: () => Promise<Readable>,
): Promise<Response> {
  const picture = await thumbnails.get(name, openPicture);
  return new Response(new Uint8Array(picture), {
    headers: {
      ...mediaHeaders,
      'content-type': 'image/webp',
      'content-length': String(picture.length),
      'cache-control': `private, max-age=${cacheSeconds}`,
    },
  });
}

/** The type the store tells, else what the name's ending says; undefined: not for a browser. */
function typeOf(told: string, { saved, url }: Place): string | undefined {
  const plain = told.split(';')[0]?.trim().toLowerCase() ?? '';
  if (isShownType(plain)) return plain;
  if (plain !== '' && plain !== 'application/octet-stream') return undefined;
  const name = saved?.path ?? (url ? new URL(url).pathname : '');
  return hasUse(name, 'shown') ? formatOf(name)?.contentType : undefined;
}
