/** The body of a request that is a document: read whole, and what was announced of it held against it. */
import { createHash } from 'node:crypto';
import type { Exchange } from './exchange.js';
import { Refusal } from './refusal.js';
import { header } from './request.js';

const longestBytes = 4 * 1024 * 1024;

/** Throws a Refusal (EntityTooLarge, InvalidDigest) when it is not what was announced. */
export async function readBodyText({ request }: Pick<Exchange, 'request'>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > longestBytes) throw new Refusal('EntityTooLarge');
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  const expectedMd5 = header(request, 'content-md5');
  const md5 = createHash('md5').update(body).digest('base64');
  if (expectedMd5 !== '' && expectedMd5 !== md5) throw new Refusal('InvalidDigest');
  return body.toString();
}
