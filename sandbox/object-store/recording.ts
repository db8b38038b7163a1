/** What the sandbox remembers of each request, without anything secret. */

export interface RecordedRequest {
  /** Counts from 1. */
  sequence: number;
  /** ISO 8601, UTC. */
  receivedAt: string;
  method: string;
  host: string;
  /** As sent, without the query. */
  path: string;
  bucket: string;
  key: string;
  /** Decoded; signatures and tokens are replaced by `…`. */
  query: Record<string, string>;
  /** Without authorization and security tokens. */
  headers: Record<string, string>;
  /** Name of the API operation, e.g. PutObject. */
  operation?: string;
  accessKeyId?: string;
  roleArn?: string;
  /** HTTP status; absent while or because nothing was answered. */
  status?: number;
  /** Error code of a refusal. */
  code?: string;
  /** Body bytes received by an upload that was taken. */
  uploadedBytes?: number;
}

export interface Recording {
  start(facts: Omit<RecordedRequest, 'sequence' | 'receivedAt'>): RecordedRequest;
  requests(): RecordedRequest[];
}

const secretHeaders = new Set(['authorization', 'x-oss-security-token', 'cookie', 'proxy-authorization']);
const secretParameters = new Set(['Signature', 'x-oss-signature', 'security-token', 'x-oss-security-token']);
const mostRequests = 10_000;

/** Keeps the latest 10,000 requests. */
export function createRecording(): Recording {
  const kept: RecordedRequest[] = [];
  let sequence = 0;
  return {
    start(facts) {
      sequence += 1;
      const record = { sequence, receivedAt: new Date().toISOString(), ...facts };
      kept.push(record);
      if (kept.length > mostRequests) kept.shift();
      return record;
    },
    requests: () => kept.map((record) => ({ ...record })),
  };
}

export function withoutSecretHeaders(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const entries = Object.entries(headers).filter(([name]) => !secretHeaders.has(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value ?? '')]));
}

export function withoutSecretParameters(query: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    [...query].map(([name, value]) => [name, secretParameters.has(name) ? '…' : value]),
  );
}
