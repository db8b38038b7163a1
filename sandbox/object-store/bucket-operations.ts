/** ListObjects, ListObjectsV2, GetBucketInfo, GetBucketLocation. */
import type { Exchange } from './exchange.js';
import { Refusal } from './refusal.js';
import type { StoreRequest } from './request.js';
import { xmlDocument, xmlTime } from './xml.js';

interface Page {
  keys: string[];
  commonPrefixes: string[];
  /** The last key or prefix of the page when there is more. */
  next: string | undefined;
}

interface PageQuery {
  prefix: string;
  delimiter: string;
  after: string;
  maxKeys: number;
}

const defaultMaxKeys = 100;
const largestMaxKeys = 1000;

/** https://www.alibabacloud.com/help/en/oss/developer-reference/listobjectsv2 */
export async function listObjectsV2(exchange: Exchange): Promise<void> {
  const { request, answer } = exchange;
  // oss2 always sends one, empty for the first page.
  const token = request.query.get('continuation-token') || undefined;
  const startAfter = request.query.get('start-after') ?? '';
  const query = readPageQuery(request, token === undefined ? startAfter : readToken(token));
  const page = await readPage(exchange, query);
  const result = {
    ...listHead(request, query, page),
    StartAfter: encodeFor(request)(startAfter),
    ContinuationToken: token,
    NextContinuationToken: page.next === undefined ? undefined : writeToken(page.next),
    KeyCount: page.keys.length + page.commonPrefixes.length,
    ...(await listBody(exchange, page, request.query.get('fetch-owner') === 'true')),
  };
  await answer.send(200, {}, xmlDocument('ListBucketResult', result));
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/listobjects */
export async function listObjects(exchange: Exchange): Promise<void> {
  const { request, answer } = exchange;
  const marker = request.query.get('marker') ?? '';
  const query = readPageQuery(request, marker);
  const page = await readPage(exchange, query);
  const encode = encodeFor(request);
  const result = {
    ...listHead(request, query, page),
    Marker: encode(marker),
    NextMarker: page.next === undefined ? undefined : encode(page.next),
    ...(await listBody(exchange, page, true)),
  };
  await answer.send(200, {}, xmlDocument('ListBucketResult', result));
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/getbucketinfo - answered from any endpoint. */
export async function getBucketInfo({ bucket, answer }: Exchange): Promise<void> {
  const location = `oss-${regionOf(bucket.region)}`;
  const result = {
    Bucket: {
      Comment: '',
      CreationDate: xmlTime(bucket.createdMs),
      DataRedundancyType: 'LRS',
      ExtranetEndpoint: `${location}.aliyuncs.com`,
      IntranetEndpoint: `${location}-internal.aliyuncs.com`,
      Location: location,
      Name: bucket.name,
      StorageClass: 'Standard',
      Owner: owner,
      AccessControlList: { Grant: 'private' },
    },
  };
  await answer.send(200, {}, xmlDocument('BucketInfo', result));
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/getbucketlocation */
export async function getBucketLocation({ bucket, answer }: Exchange): Promise<void> {
  await answer.send(200, {}, xmlDocument('LocationConstraint', `oss-${regionOf(bucket.region)}`));
}

const owner = { ID: 'sandbox', DisplayName: 'sandbox' };

function regionOf(region: string): string {
  return region === '*' ? 'cn-hangzhou' : region;
}

function readPageQuery(request: StoreRequest, after: string): PageQuery {
  const maxKeys = Number(request.query.get('max-keys') ?? defaultMaxKeys);
  if (!Number.isInteger(maxKeys) || maxKeys < 1 || maxKeys > largestMaxKeys) {
    throw new Refusal('InvalidArgument', {
      message: 'Argument max-keys must be an integer between 1 and 1000.',
      fields: { ArgumentName: 'max-keys', ArgumentValue: String(request.query.get('max-keys')) },
    });
  }
  const encoding = request.query.get('encoding-type') ?? 'url';
  if (encoding !== 'url') {
    throw new Refusal('InvalidArgument', {
      message: 'Invalid Encoding Method specified in Request.',
      fields: { ArgumentName: 'encoding-type', ArgumentValue: encoding },
    });
  }
  const delimiter = request.query.get('delimiter') ?? '';
  return { prefix: request.query.get('prefix') ?? '', delimiter, after, maxKeys };
}

async function readPage({ request, files }: Exchange, query: PageQuery): Promise<Page> {
  const after = Buffer.from(query.after);
  const page: Page = { keys: [], commonPrefixes: [], next: undefined };
  let last = '';
  for (const key of await files.keys(request.bucket, query.prefix)) {
    const group = groupOf(key, query);
    if (query.after !== '' && (group === query.after || Buffer.compare(Buffer.from(key), after) <= 0))
      continue;
    if (group !== undefined && group === page.commonPrefixes.at(-1)) continue;
    if (page.keys.length + page.commonPrefixes.length === query.maxKeys) return { ...page, next: last };
    if (group === undefined) page.keys.push(key);
    else page.commonPrefixes.push(group);
    last = group ?? key;
  }
  return page;
}

/** The common prefix a key is folded into: up to the first delimiter after the prefix. */
function groupOf(key: string, { prefix, delimiter }: PageQuery): string | undefined {
  const index = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return index < 0 ? undefined : key.slice(0, index + delimiter.length);
}

function listHead(request: StoreRequest, query: PageQuery, page: Page) {
  const encode = encodeFor(request);
  return {
    Name: request.bucket,
    Prefix: encode(query.prefix),
    MaxKeys: query.maxKeys,
    Delimiter: encode(query.delimiter),
    EncodingType: request.query.get('encoding-type'),
    IsTruncated: String(page.next !== undefined),
  };
}

async function listBody({ request, files }: Exchange, page: Page, withOwner: boolean) {
  const encode = encodeFor(request);
  const records = await Promise.all(page.keys.map((key) => files.find(request.bucket, key)));
  const present = records.filter((record) => record !== undefined);
  return {
    Contents: present.map((record) => ({
      Key: encode(record.key),
      LastModified: xmlTime(record.lastModifiedMs),
      ETag: `"${record.etag}"`,
      Type: record.type,
      Size: record.bytes,
      StorageClass: 'Standard',
      Owner: withOwner ? owner : undefined,
    })),
    CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  };
}

function encodeFor(request: StoreRequest): (text: string) => string {
  if (request.query.get('encoding-type') !== 'url') return (text) => text;
  return (text) => encodeURIComponent(text);
}

function writeToken(last: string): string {
  return Buffer.from(last).toString('base64');
}

function readToken(token: string): string {
  const last = Buffer.from(token, 'base64');
  if (token !== '' && last.toString('base64') === token) return last.toString();
  throw new Refusal('InvalidArgument', { message: 'The continuation token provided is incorrect.' });
}
