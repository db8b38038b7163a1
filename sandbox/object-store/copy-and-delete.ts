/** CopyObject, DeleteMultipleObjects, GetObjectMeta, GetObjectAcl. */
import { readBodyText } from './body-text.js';
import type { Exchange } from './exchange.js';
import { checkOverwrite, noSuchKey, objectHeaders, validators } from './object-operations.js';
import { receiveBody } from './receive-body.js';
import { Refusal } from './refusal.js';
import { checkKey, header } from './request.js';
import { readDeleteList, xmlDocument, xmlTime } from './xml.js';

/** `/bucket/key`, percent-encoded; a version behind it is not served. */
const sourceForm = /^\/?([^/?]+)\/([^?]+)$/;
const mostKeys = 1000;

/** https://www.alibabacloud.com/help/en/oss/developer-reference/copyobject */
export async function copyObject(exchange: Exchange): Promise<void> {
  const { request, files, answer } = exchange;
  const [, bucket = '', text = ''] = sourceForm.exec(header(request, 'x-oss-copy-source')) ?? [];
  const key = decodedKey(text);
  if (!bucket || !key) throw invalidSource(header(request, 'x-oss-copy-source'));
  exchange.requireRight('oss:GetObject', `${bucket}/${key}`);
  if (!(await files.findBucket(bucket)))
    throw new Refusal('NoSuchBucket', { fields: { BucketName: bucket } });
  const onlyNew = await checkOverwrite(exchange);
  const source = await files.open(bucket, key);
  if (!source) throw new Refusal('NoSuchKey', { fields: { Key: key } });
  const { record, file } = source;
  const body = await receiveBody(file.createReadStream(), files.incomingPath(), '');
  const etag = body.md5.toString('hex').toUpperCase();
  const replaces = header(request, 'x-oss-metadata-directive').toUpperCase() === 'REPLACE';
  const copied = {
    ...{ bytes: body.bytes, etag, crc64: body.crc64, contentMd5: body.md5.toString('base64') },
    type: 'Normal' as const,
    headers: replaces ? objectHeaders(request) : record.headers,
  };
  if (!(await files.commit(request.bucket, request.key, body.path, copied, onlyNew)))
    throw new Refusal('FileAlreadyExists');
  const result = { ETag: `"${etag}"`, LastModified: xmlTime(Date.now()) };
  await answer.send(200, { 'x-oss-hash-crc64ecma': body.crc64 }, xmlDocument('CopyObjectResult', result));
}

function decodedKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidSource(text);
  }
}

function invalidSource(value: string): Refusal {
  return new Refusal('InvalidArgument', {
    message: 'Copy Source must mention the source bucket and key: /sourcebucket/sourcekey.',
    fields: { ArgumentName: 'x-oss-copy-source', ArgumentValue: value },
  });
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/deletemultipleobjects - names those that were not there too. */
export async function deleteObjects(exchange: Exchange): Promise<void> {
  const { request, files, answer } = exchange;
  const list = readDeleteList(await readBodyText(exchange));
  if (!list || list.keys.length > mostKeys) throw new Refusal('MalformedXML');
  for (const key of list.keys) {
    checkKey(key);
    exchange.requireRight('oss:DeleteObject', `${request.bucket}/${key}`);
  }
  for (const key of list.keys) await files.delete(request.bucket, key);
  const encoding = request.query.get('encoding-type');
  const encode = encoding === 'url' ? encodeURIComponent : (text: string) => text;
  const deleted = list.quiet ? [] : list.keys.map((key) => ({ Key: encode(key) }));
  await answer.send(200, {}, xmlDocument('DeleteResult', { EncodingType: encoding, Deleted: deleted }));
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/getobjectmeta */
export async function getObjectMeta({ request, files, answer }: Exchange): Promise<void> {
  const record = await files.find(request.bucket, request.key);
  if (!record) throw noSuchKey(request);
  const { bytes, crc64 } = record;
  const facts = { 'Content-Length': String(bytes), 'x-oss-hash-crc64ecma': crc64 };
  await answer.send(200, { ...validators(record), ...facts });
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/getobjectacl - each object's is its bucket's. */
export async function getObjectAcl({ request, files, answer }: Exchange): Promise<void> {
  if (!(await files.find(request.bucket, request.key))) throw noSuchKey(request);
  await answer.send(200, {}, aclDocument('default'));
}

export function aclDocument(grant: string): string {
  const owner = { ID: 'sandbox', DisplayName: 'sandbox' };
  return xmlDocument('AccessControlPolicy', { Owner: owner, AccessControlList: { Grant: grant } });
}
