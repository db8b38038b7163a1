/** PutObject, GetObject, HeadObject, DeleteObject. */
import type { Exchange } from './exchange.js';
import type { ObjectRecord } from './object-records.js';
import { type ReceivedBody, receiveBody } from './receive-body.js';
import { Refusal } from './refusal.js';
import { header, type StoreRequest } from './request.js';

/** Headers of an upload that a download gives back. */
const keptHeaders = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];

/** Query parameter → response header that it replaces, for signed requests. */
const responseOverrides: Record<string, string> = {
  'response-cache-control': 'cache-control',
  'response-content-disposition': 'content-disposition',
  'response-content-encoding': 'content-encoding',
  'response-content-language': 'content-language',
  'response-content-type': 'content-type',
  'response-expires': 'expires',
};

/** Headers that ask for something this store does not do; taking the upload regardless would be a lie. */
const unsupportedHeaders = ['x-oss-copy-source', 'x-oss-callback', 'x-oss-copy-source-range'];

/** https://www.alibabacloud.com/help/en/oss/developer-reference/putobject */
export async function putObject(exchange: Exchange): Promise<void> {
  const { request, files, answer } = exchange;
  checkUploadHeaders(request);
  const onlyNew = await checkOverwrite(exchange);
  const body = await receive(exchange);
  const md5 = body.md5.toString('base64');
  const etag = body.md5.toString('hex').toUpperCase();
  const object = {
    bytes: body.bytes,
    etag,
    crc64: body.crc64,
    contentMd5: md5,
    type: 'Normal' as const,
    headers: objectHeaders(request),
  };
  const isTaken = !(await files.commit(request.bucket, request.key, body.path, object, onlyNew));
  if (isTaken) throw new Refusal('FileAlreadyExists');
  await answer.send(200, { ETag: `"${etag}"`, 'Content-MD5': md5, 'x-oss-hash-crc64ecma': body.crc64 });
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/getobject */
export async function getObject({ request, files, answer }: Exchange): Promise<void> {
  const opened = await files.open(request.bucket, request.key);
  if (!opened) throw noSuchKey(request);
  const { record, file } = opened;
  let isHandedOver = false;
  try {
    if (request.method === 'GET') checkRestored(record);
    if (isNotModified(request, record)) return await answer.send(304, validators(record));
    const range = readRange(request, record.bytes);
    const headers = downloadHeaders(request, record);
    const length = record.bytes;
    const slice = range
      ? { file, startByte: range.first, lengthBytes: range.last - range.first + 1 }
      : { file, startByte: 0, lengthBytes: length };
    if (range) headers['Content-Range'] = `bytes ${range.first}-${range.last}/${length}`;
    isHandedOver = true;
    await answer.sendFile(range ? 206 : 200, headers, slice);
  } finally {
    if (!isHandedOver) await file.close();
  }
}

/** https://www.alibabacloud.com/help/en/oss/user-guide/overview-17 - the object as it is asked for, made anew for each answer. */
export async function getProcessedObject({ request, files, answer }: Exchange): Promise<void> {
  const opened = await files.open(request.bucket, request.key);
  if (!opened) throw noSuchKey(request);
  checkRestored(opened.record);
  const object = await opened.file.readFile().finally(() => opened.file.close());
  // Loaded when it is asked for: it brings a drawing library.
  const { processObject } = await import('./process-object.js');
  const { body, contentType } = await processObject(object, request.query.get('x-oss-process') ?? '');
  await answer.sendBody({ 'Content-Type': contentType }, body);
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/deleteobject - 204 also when there is none. */
export async function deleteObject({ request, files, answer }: Exchange): Promise<void> {
  await files.delete(request.bucket, request.key);
  await answer.send(204);
}

export function objectHeaders(request: StoreRequest): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': header(request, 'content-type') || 'application/octet-stream',
  };
  for (const name of Object.keys(request.incoming.headers)) {
    if (keptHeaders.includes(name) || name.startsWith('x-oss-meta-')) headers[name] = header(request, name);
  }
  return headers;
}

export function checkUploadHeaders(request: StoreRequest): void {
  const unsupported = unsupportedHeaders.find((name) => request.incoming.headers[name] !== undefined);
  if (unsupported !== undefined) throw new Refusal('NotImplemented', { fields: { Header: unsupported } });
}

/** True when the client forbids overwriting; throws when the object is there already. */
export async function checkOverwrite({ request, files }: Exchange): Promise<boolean> {
  const onlyNew = header(request, 'x-oss-forbid-overwrite').toLowerCase() === 'true';
  if (onlyNew && (await files.find(request.bucket, request.key))) throw new Refusal('FileAlreadyExists');
  return onlyNew;
}

/** The body as a file that is not yet an object. */
export async function receive({ request, record, files }: Exchange): Promise<ReceivedBody> {
  const { headers } = request.incoming;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
    throw new Refusal('MissingContentLength');
  }
  const body = await receiveBody(request.incoming, files.incomingPath(), header(request, 'content-md5'));
  record.uploadedBytes = body.bytes;
  return body;
}

export function validators(record: ObjectRecord): Record<string, string> {
  return { ETag: `"${record.etag}"`, 'Last-Modified': new Date(record.lastModifiedMs).toUTCString() };
}

function downloadHeaders(request: StoreRequest, record: ObjectRecord): Record<string, string> {
  const headers: Record<string, string> = {
    'x-oss-storage-class': 'Standard',
    ...record.headers,
    ...validators(record),
    'Accept-Ranges': 'bytes',
    'x-oss-object-type': record.type,
    'x-oss-hash-crc64ecma': record.crc64,
  };
  if (record.contentMd5 !== undefined) headers['Content-MD5'] = record.contentMd5;
  for (const [parameter, name] of Object.entries(responseOverrides)) {
    const value = request.query.get(parameter);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

/** If-Match and If-Unmodified-Since throw PreconditionFailed; the other two say whether 304 is the answer. */
function isNotModified(request: StoreRequest, record: ObjectRecord): boolean {
  const modifiedMs = Math.floor(record.lastModifiedMs / 1000) * 1000;
  const ifMatch = header(request, 'if-match');
  const ifUnmodifiedSince = Date.parse(header(request, 'if-unmodified-since'));
  if ((ifMatch !== '' && !isSameEtag(ifMatch, record)) || modifiedMs > ifUnmodifiedSince) {
    throw new Refusal('PreconditionFailed');
  }
  const ifNoneMatch = header(request, 'if-none-match');
  if (ifNoneMatch !== '') return isSameEtag(ifNoneMatch, record);
  return modifiedMs <= Date.parse(header(request, 'if-modified-since'));
}

function isSameEtag(text: string, record: ObjectRecord): boolean {
  return text.replace(/^"|"$/g, '') === record.etag;
}

interface ByteRange {
  first: number;
  last: number;
}

/**
 * The range to send; undefined: everything. A range that does not fit means everything too, unless the client
 * asks for `x-oss-range-behavior: standard`: then the end is cut and a range past the end is InvalidRange.
 */
function readRange(request: StoreRequest, lengthBytes: number): ByteRange | undefined {
  const isStandard = header(request, 'x-oss-range-behavior') === 'standard';
  const [, start = '', end = ''] = /^bytes=(\d*)-(\d*)$/.exec(header(request, 'range')) ?? [];
  if (start === '' && end === '') return undefined;
  const wanted = start === '' ? { first: lengthBytes - Number(end), last: lengthBytes - 1 } : undefined;
  const range = wanted ?? { first: Number(start), last: end === '' ? lengthBytes - 1 : Number(end) };
  const fits = range.first >= 0 && range.first <= range.last && range.last < lengthBytes;
  if (fits) return range;
  if (!isStandard || (start !== '' && end !== '' && Number(start) > Number(end))) return undefined;
  const first = Math.max(range.first, 0);
  if (first >= lengthBytes)
    throw new Refusal('InvalidRange', { fields: { ActualObjectSize: String(lengthBytes) } });
  return { first, last: lengthBytes - 1 };
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/restoreobject */
function checkRestored({ headers }: ObjectRecord): void {
  const isFrozen = /^(Deep)?ColdArchive$/.test(headers['x-oss-storage-class'] ?? '');
  const isRestored = headers['x-oss-restore']?.includes('ongoing-request="false"');
  if (isFrozen && !isRestored) throw new Refusal('InvalidObjectState');
}

export function noSuchKey(request: StoreRequest): Refusal {
  return new Refusal('NoSuchKey', { fields: { Key: request.key } });
}
