/** Serves /media/: whole pictures and videos streamed from where they lie, small ones from the folder of thumbnails. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Agent, type Dispatcher, request as send } from 'undici';
import { formatOf, hasUse, isShownType } from '../../media/kinds.js';
import type { Storage } from '../../storage/storage.js';
import { type Exchange, Refusal } from './exchange.js';
import { type JobFacts, type Place, placeOf } from './job-media.js';
import { findJob } from './queries.js';
import type { ConsoleSession } from './sessions.js';
import type { SignedAddresses } from './signed-addresses.js';
import type { Thumbnails } from './thumbnails.js';

export interface MediaTools {
  storage: Pick<Storage, 'readPath' | 'readFile' | 'presign' | 'checkRight'>;
  addresses: SignedAddresses;
  thumbnails: Thumbnails;
}

export interface Media {
  serve(exchange: Exchange, session: ConsoleSession): Promise<void>;
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

export function createMedia({ storage, addresses, thumbnails }: MediaTools): Media {
  const dispatcher = new Agent({ connect: { timeout: 10_000 }, headersTimeout: 30_000, bodyTimeout: 60_000 });

  /** Saved ones from their store; where the role may write but not read, and for unsaved ones, the provider's address while it lasts. */
  async function open(
    place: Place,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    for (const address of [() => storedAddress(place, signal), async () => place.url]) {
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

  async function storedAddress({ saved }: Place, signal: AbortSignal): Promise<string | undefined> {
    if (!saved) return undefined;
    const { right } = storage.readFile(saved.file);
    storage.checkRight(right);
    const path = storage.readPath(saved.path, 'path');
    return storage.presign(path, right, { expiresSeconds: presignedForSeconds, signal });
  }

  async function sendWhole(
    { request, response }: Exchange,
    place: Place,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = ['range', 'if-range', 'if-none-match'] as const;
    const headers = Object.fromEntries(
      wanted.flatMap((name) => (request.headers[name] ? [[name, request.headers[name]]] : [])),
    );
    const answer = await open(place, headers as Record<string, string>, signal);
    const contentType = typeOf(String(answer.headers['content-type'] ?? ''), place);
    if (!contentType) {
      answer.body.destroy();
      throw new Refusal(415, { message: 'this file is neither a picture nor an MP4 video' });
    }
    const kept = passedOn.flatMap((name) => (answer.headers[name] ? [[name, answer.headers[name]]] : []));
    response.writeHead(answer.statusCode, {
      ...mediaHeaders,
      ...Object.fromEntries(kept),
      'content-type': contentType,
      'accept-ranges': 'bytes',
      'cache-control': `private, max-age=${cacheSeconds}`,
    });
    if (request.method === 'HEAD') {
      answer.body.destroy();
      response.end();
      return;
    }
    await pipeline(answer.body, response);
  }

  async function sendSmall(
    { request, response }: Exchange,
    name: string,
    openPicture: () => Promise<Readable>,
  ) {
    const picture = await thumbnails.get(name, openPicture);
    response.writeHead(200, {
      ...mediaHeaders,
      'content-type': 'image/webp',
      'content-length': picture.length,
      'cache-control': `private, max-age=${cacheSeconds}`,
    });
    response.end(request.method === 'HEAD' ? undefined : picture);
  }

  return {
    async serve(exchange, session) {
      const name = addresses.verify(exchange.url, session.id);
      if (!name) throw new Refusal(403, { message: 'this address is not valid any more' });
      const gone = new AbortController();
      exchange.response.once('close', () => gone.abort());
      const find = async () => {
        const job: JobFacts | undefined = await findJob(session.pool, name.jobId);
        const place = job && placeOf(job, name.place);
        if (!place) throw new Refusal(404, { message: 'there is no such file' });
        return place;
      };
      if (name.form === 'whole') return sendWhole(exchange, await find(), gone.signal);
      // Not given up when this visitor goes: others may wait for the same picture, and it is kept.
      const { signal } = new AbortController();
      await sendSmall(exchange, `${name.jobId}-${name.place}.webp`, async () => {
        return (await open(await find(), {}, signal)).body;
      });
    },
    close: () => dispatcher.destroy(),
  };
}

/** The type the store tells, else what the name's ending says; undefined: not for a browser. */
function typeOf(told: string, { saved, url }: Place): string | undefined {
  const plain = told.split(';')[0]?.trim().toLowerCase() ?? '';
  if (isShownType(plain)) return plain;
  if (plain !== '' && plain !== 'application/octet-stream') return undefined;
  const name = saved?.path ?? (url ? new URL(url).pathname : '');
  return hasUse(name, 'shown') ? formatOf(name)?.contentType : undefined;
}
