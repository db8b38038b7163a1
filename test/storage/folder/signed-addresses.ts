/** A small HTTP server on loopback that gives out the files of a folder, to those who have an address signed by it. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

export interface SignedAddresses {
  /** @param name of the file, as `fileOf` understands it */
  sign(name: string, expiresSeconds: number): Promise<string>;
  close(): Promise<void>;
}

export function serveSigned(fileOf: (name: string) => string): SignedAddresses {
  const key = randomBytes(32);
  const signature = (name: string, until: number) =>
    createHmac('sha256', key).update(`${until} ${name}`).digest();

  /** The file's name; undefined when the address is malformed, altered or too old. */
  function verify(url: URL): string | undefined {
    const name = decodeURIComponent(url.pathname.slice(1));
    const until = Number(url.searchParams.get('until'));
    const given = Buffer.from(url.searchParams.get('signature') ?? '', 'base64url');
    const wanted = signature(name, until);
    const valid = given.length === wanted.length && timingSafeEqual(given, wanted);
    return valid && Date.now() < until ? name : undefined;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = verify(new URL(request.url ?? '', 'http://folder'));
    if (name === undefined) return void response.writeHead(403).end();
    const found = await stat(fileOf(name)).catch(() => undefined);
    if (!found?.isFile()) return void response.writeHead(404).end();
    const [start, end] = wantedPart(request.headers.range, found.size);
    const isPart = request.headers.range !== undefined;
    response.writeHead(isPart ? 206 : 200, {
      'content-length': end - start + 1,
      ...(isPart && { 'content-range': `bytes ${start}-${end}/${found.size}` }),
    });
    if (found.size === 0) response.end();
    else await pipeline(createReadStream(fileOf(name), { start, end }), response);
  }

  const server = createServer(
    (request, response) => void answer(request, response).catch(() => response.destroy()),
  );
  server.listen(0, '127.0.0.1');
  const listening = once(server, 'listening');
  return {
    async sign(name, expiresSeconds) {
      await listening;
      const { port } = server.address() as AddressInfo;
      const until = Date.now() + expiresSeconds * 1000;
      const query = new URLSearchParams({
        until: String(until),
        signature: signature(name, until).toString('base64url'),
      });
      return `http://127.0.0.1:${port}/${encodeURIComponent(name)}?${query}`;
    },
    async close() {
      await listening;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** First and last byte of `bytes=<first>-<last>`. */
function wantedPart(range: string | undefined, bytes: number): [number, number] {
  const [, start = '0', end = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  return [Number(start), end === '' ? bytes - 1 : Number(end)];
}
