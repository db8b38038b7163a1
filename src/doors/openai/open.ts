/**
 * Opens the OpenAI-form door as the settings ask: where it listens, and encrypted unless only this machine can reach it.
 *
 * Room: src/doors holds other ways in than SQL, a folder each. Each goes through the front door as a role, and so has no rights of its own.
 */
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Logger } from 'pino';
import { Agent, request } from 'undici';
import { isLoopback, publicLookup, refusePrivateHost } from '../../public-address.js';
import type { Configuration } from '../../settings/configuration.js';
import { listenFailure } from '../../settings/help.js';
import { createApp, type Parts } from './app.js';
import type { FrontDoor } from './as-role.js';

export interface OpenaiDoor {
  /** What an OpenAI client takes as its base URL: ends in /v1. */
  url: string;
  /** Reads the certificate again; a broken one is an error and the old one stays. */
  reloadCertificate(): void;
  close(): Promise<void>;
}

interface OpenaiParts {
  door: FrontDoor;
  /** Files (PEM) of the certificate that the front door shows too. */
  certificate: { cert: string; key: string };
  /** The provider is on this machine, and so may be what its answers name. */
  privateResults: boolean;
  log: Logger;
}

/** Undefined: there is none. An address that cannot be had is an Error that names the setting. */
export async function openOpenaiDoor(
  { openai: place, door: { clientCa } }: Pick<Configuration, 'openai' | 'door'>,
  { certificate, privateResults, ...parts }: OpenaiParts,
): Promise<OpenaiDoor | undefined> {
  const { host, port } = place;
  if (port === undefined) return undefined;
  if (clientCa) {
    parts.log.warn('no OpenAI door: it has no client certificate to show at the front door');
    return undefined;
  }
  const read = () => ({ cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) });
  const encrypted = !isLoopback(new URL(`http://${host.includes(':') ? `[${host}]` : host}`));
  const results = openResults(privateResults);
  const opened = listen(place as { host: string; port: number }, encrypted ? read : undefined, {
    ...parts,
    download: results.download,
  });
  const { close, ...server } = await opened.catch((error) => {
    throw listenFailure(error, host, port, error.code === 'EADDRNOTAVAIL' ? 'openaiHost' : 'openaiPort');
  });
  return { ...server, close: () => Promise.all([close(), results.close()]).then(() => {}) };
}

const mostConnections = 512;

async function listen(
  { host, port }: { host: string; port: number },
  readCertificate: (() => { cert: Buffer; key: Buffer }) | undefined,
  parts: Parts,
): Promise<OpenaiDoor> {
  const answer = getRequestListener(createApp(parts).fetch, { overrideGlobalObjects: false });
  const listener: RequestListener = (asked, response) => void answer(asked, response);
  // An answer may take minutes; the request itself may not.
  const limits = { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 20_000 };
  const secure = readCertificate && createHttpsServer({ ...readCertificate(), ...limits }, listener);
  const server = secure ?? createHttpServer(limits, listener);
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const reached = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host;
  const name = reached.includes(':') ? `[${reached}]` : reached;
  return {
    url: `${secure ? 'https' : 'http'}://${name}:${(server.address() as AddressInfo).port}/v1`,
    reloadCertificate: () => readCertificate && secure?.setSecureContext(readCertificate()),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Fetches results, as saving has it: https, and nothing in a private network. */
function openResults(privateResults: boolean) {
  const connect = { timeout: 10_000, ...(!privateResults && { lookup: publicLookup }) };
  const dispatcher = new Agent({ connect, headersTimeout: 30_000, bodyTimeout: 60_000 });
  return {
    close: () => dispatcher.destroy(),
    async download(address: string): Promise<Buffer> {
      const url = new URL(address);
      if (!privateResults) {
        refusePrivateHost(url);
        if (url.protocol !== 'https:') throw new Error(`a result is not at an https address: ${url.origin}`);
      }
      const { statusCode, body } = await request(url, { dispatcher });
      if (statusCode === 200) return Buffer.from(await body.arrayBuffer());
      await body.dump();
      throw new Error(`a result could not be fetched from ${url.origin}: HTTP ${statusCode}`);
    },
  };
}
