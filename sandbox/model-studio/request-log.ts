/** Keeps what clients sent, for tests and for a person who wants to see it. */
import type { IncomingMessage } from 'node:http';

export interface RecordedRequest {
  sequence: number;
  method: string;
  /** Path with query, as received. */
  path: string;
  /** Lower-case names; the API key is masked. */
  headers: Record<string, string>;
  /** Parsed JSON, else text; undefined without a body. Long strings such as Base64 media are shortened. */
  body: unknown;
  receivedAt: string;
  /** The HTTP status of the answer, also when the client did not wait for it; 0 until then. */
  status: number;
  /** False while no answer was delivered: the client hung up, or the connection was reset. */
  answered: boolean;
  /** The body's request_id. */
  requestId: string;
  /** For an accepted asynchronous submit. */
  taskId?: string;
}

export interface RequestLog {
  open(request: IncomingMessage, requestId: string): RecordedRequest;
  list(): RecordedRequest[];
  clear(): void;
}

const maxRecords = 20_000;
const maxStringCharacters = 20_000;

/** A copy of a JSON value whose very long strings are cut, so that the log stays small. */
export function shortenStrings(value: unknown): unknown {
  if (typeof value === 'string' && value.length > maxStringCharacters) {
    return `${value.slice(0, 100)}… (${value.length} characters)`;
  }
  if (Array.isArray(value)) return value.map(shortenStrings);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shortenStrings(item)]));
  }
  return value;
}

function headersWithoutSecrets(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    const text = Array.isArray(value) ? value.join(', ') : (value ?? '');
    const secret = /^(authorization|cookie|proxy-authorization)$/.test(name);
    headers[name] = secret ? text.replace(/^(Bearer sk-)?.*$/s, '$1…') : text;
  }
  return headers;
}

/** Opens an empty log; the oldest records are dropped beyond 20,000. */
export function createRequestLog(): RequestLog {
  let records: RecordedRequest[] = [];
  let sequence = 0;
  return {
    open(request, requestId) {
      sequence += 1;
      const record: RecordedRequest = {
        sequence,
        method: request.method ?? '',
        path: request.url ?? '',
        headers: headersWithoutSecrets(request),
        body: undefined,
        receivedAt: new Date().toISOString(),
        status: 0,
        answered: false,
        requestId,
      };
      records.push(record);
      if (records.length > maxRecords) records = records.slice(-maxRecords / 2);
      return record;
    },
    list: () => structuredClone(records),
    clear: () => {
      records = [];
    },
  };
}
