/** Result files: drawn when first fetched, kept on disk, served through signed URLs that expire. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FaultAction } from './faults.js';
import { openResultFiles, type ResultRequest, type StoredResult } from './result-files.js';
import { sendResult } from './send-result.js';

export interface ResultStore {
  /** Takes note of a result and returns its signed URL. */
  add(result: ResultRequest): Promise<string>;
  /** The same for a JSON document. */
  addDocument(name: string, document: unknown): Promise<string>;
  /** Answers `GET` and `HEAD /results/…` and returns the HTTP status; the fault may be one of the body. */
  serve(request: IncomingMessage, response: ServerResponse, fault?: FaultAction): Promise<number>;
}

export interface ResultStoreOptions {
  directory: string;
  origin(): string;
  lifetimeMs(): number;
}

const accessKeyId = 'sandbox';

function sendXmlError(response: ServerResponse, status: number, code: string, message: string): number {
  const body =
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n  <Code>${code}</Code>\n` +
    `  <Message>${message}</Message>\n</Error>\n`;
  response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
  return status;
}

/** Opens a store below `directory`; URLs of an earlier run are not valid any more. */
export async function openResultStore(options: ResultStoreOptions): Promise<ResultStore> {
  const files = await openResultFiles(options.directory);
  const secret = randomBytes(32);
  const known = new Map<string, StoredResult>();
  const documents = new Map<string, string>();
  const addressOf = (name: string) => {
    const expires = String(Math.floor((Date.now() + options.lifetimeMs()) / 1000));
    const signature = sign(secret, name, expires);
    const query = new URLSearchParams({
      Expires: expires,
      OSSAccessKeyId: accessKeyId,
      Signature: signature,
    });
    return `${options.origin()}/results/${name}?${query}`;
  };
  return {
    async add({ references, ...result }) {
      const referenceFiles = await Promise.all(references.map(files.keepReference));
      known.set(result.name, { ...result, referenceFiles });
      return addressOf(result.name);
    },
    async addDocument(name, document) {
      documents.set(name, await files.keepDocument(name, document));
      return addressOf(name);
    },
    async serve(request, response, fault) {
      const url = new URL(request.url ?? '/', options.origin());
      const name = url.pathname.slice('/results/'.length);
      const refused = refuse(secret, url, name, response);
      if (refused !== undefined) return refused;
      const result = known.get(name);
      const path = documents.get(name) ?? (result && (await files.draw(result)));
      if (path === undefined)
        return sendXmlError(response, 404, 'NoSuchKey', 'The specified key does not exist.');
      return sendResult({ path, checksum: await files.checksumOf(path), fault }, request, response);
    },
  };
}

/** Query-string signature of OSS, version 1. */
function sign(secret: Buffer, name: string, expires: string): string {
  return createHmac('sha1', secret).update(`GET\n\n\n${expires}\n/results/${name}`).digest('base64');
}

function refuse(secret: Buffer, url: URL, name: string, response: ServerResponse): number | undefined {
  const expires = url.searchParams.get('Expires') ?? '';
  const given = Buffer.from(url.searchParams.get('Signature') ?? '');
  const wanted = Buffer.from(sign(secret, name, expires));
  const valid = given.length === wanted.length && timingSafeEqual(given, wanted);
  if (!valid || url.searchParams.get('OSSAccessKeyId') !== accessKeyId) {
    return sendXmlError(response, 403, 'SignatureDoesNotMatch', 'The request signature does not match.');
  }
  if (Date.now() / 1000 > Number(expires)) {
    return sendXmlError(response, 403, 'AccessDenied', 'Request has expired.');
  }
  return undefined;
}
