/** ali-oss for one request: V4 signatures with an explicit region, our own transport, errors with their codes. */

import OSS from 'ali-oss';
import type { Dispatcher } from 'undici';
import type { ResolvedEndpoint } from './endpoint.js';
import { ServiceRefusal } from './error.js';
import type { OssSettings } from './settings.js';
import type { AssumedRole } from './sts.js';
import { createOssTransport, type OssTransport } from './transport.js';

declare module 'ali-oss' {
  /** Options that the package has and its type definitions lack. */
  interface Options {
    /** Path-style addressing. */
    sldEnable?: boolean;
    /** The HTTP client. */
    urllib?: OssTransport;
  }
}

export interface OssConnection {
  endpoint: ResolvedEndpoint;
  bucket: string;
  credentials: AssumedRole;
  dispatcher: Dispatcher;
  timeouts: OssSettings['timeouts'];
  signal: AbortSignal;
}

function createClient(connection: OssConnection, baseUrl: string, transport: OssTransport): OSS {
  const { endpoint, credentials } = connection;
  return new OSS({
    endpoint: baseUrl,
    region: `oss-${endpoint.region}`,
    bucket: connection.bucket,
    cname: endpoint.customDomain,
    sldEnable: endpoint.pathStyle,
    secure: true,
    authorizationV4: true,
    accessKeyId: credentials.accessKeyId,
    accessKeySecret: credentials.accessKeySecret,
    stsToken: credentials.securityToken,
    // Without a refresh function it never refreshes; the interval only silences its warning.
    refreshSTSTokenInterval: Number.MAX_SAFE_INTEGER,
    urllib: transport,
  });
}

function openTransport(connection: OssConnection): OssTransport {
  return createOssTransport(connection.dispatcher, connection.timeouts, connection.signal);
}

interface AliOssError {
  code?: string;
  status?: number;
  requestId?: string;
  message: string;
}

/** ali-oss's errors carry the whole request: only these facts leave this file. */
function toRefusal(error: AliOssError): ServiceRefusal {
  const status = error.status ?? 0;
  // An answer without a body, as to HEAD, may come without a code.
  const code = error.code ?? (status === 403 ? 'AccessDenied' : 'Unknown');
  return new ServiceRefusal('OSS', code, status, error.requestId, error.message);
}

/**
 * Runs one request with a client made for it: an aborted upload in ali-oss stops all others of the same client, and
 * credentials may change between two requests.
 * @throws ServiceRefusal for an answer that is not a success, ConnectionLoss without an answer
 */
export async function sendToOss<T>(connection: OssConnection, send: (client: OSS) => Promise<T>): Promise<T> {
  const transport = openTransport(connection);
  try {
    return await send(createClient(connection, connection.endpoint.requestUrl, transport));
  } catch (error) {
    if (transport.failure) throw transport.failure;
    if (error instanceof Error && 'status' in error) throw toRefusal(error as AliOssError);
    throw error;
  }
}

/** A GET URL for the bucket's own domain, if one is known, or the public endpoint, signed with the V4 scheme; sends nothing. */
export function presignGet(
  connection: OssConnection,
  key: string,
  expiresSeconds: number,
  process: string | undefined,
): Promise<string> {
  const { endpoint, bucket } = connection;
  const own = endpoint.bucketUrls.get(bucket);
  const given = own ? { ...connection, endpoint: { ...endpoint, customDomain: true } } : connection;
  const client = createClient(given, own ?? endpoint.presignUrl, openTransport(connection));
  const queries = process === undefined ? {} : { 'x-oss-process': process };
  return client.signatureUrlV4('GET', expiresSeconds, { queries }, key);
}
