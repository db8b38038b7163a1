/** InitiateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload, ListParts, ListMultipartUploads. */
import { readBodyText } from './body-text.js';
import type { Exchange } from './exchange.js';
import { checkOverwrite, checkUploadHeaders, objectHeaders, receive } from './object-operations.js';
import { Refusal } from './refusal.js';
import { header } from './request.js';
import { readCompletedParts, xmlDocument, xmlTime } from './xml.js';

const mostParts = 10_000;

/** https://www.alibabacloud.com/help/en/oss/developer-reference/initiatemultipartupload */
export async function initiateMultipartUpload(exchange: Exchange): Promise<void> {
  const { request, multipart, answer } = exchange;
  checkUploadHeaders(request);
  await checkOverwrite(exchange);
  const upload = await multipart.initiate(request.bucket, request.key, objectHeaders(request));
  const result = { Bucket: upload.bucket, Key: upload.key, UploadId: upload.uploadId };
  await answer.send(200, {}, xmlDocument('InitiateMultipartUploadResult', result));
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/uploadpart */
export async function uploadPart(exchange: Exchange): Promise<void> {
  const { request, multipart, answer } = exchange;
  checkUploadHeaders(request);
  const partNumber = Number(request.query.get('partNumber'));
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > mostParts) {
    throw invalidArgument(
      'Part number must be an integer between 1 and 10000, inclusive.',
      'partNumber',
      partNumber,
    );
  }
  const upload = await findUpload(exchange);
  const part = await multipart.addPart(upload, partNumber, await receive(exchange));
  await answer.send(200, {
    ETag: `"${part.etag}"`,
    'Content-MD5': Buffer.from(part.etag, 'hex').toString('base64'),
    'x-oss-hash-crc64ecma': part.crc64,
  });
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/completemultipartupload */
export async function completeMultipartUpload(exchange: Exchange): Promise<void> {
  const { request, files, multipart, answer } = exchange;
  const list = readCompletedParts(await readBodyText(exchange));
  if (!list || list.length > mostParts) throw new Refusal('MalformedXML');
  const onlyNew = await checkOverwrite(exchange);
  const object = await exchange.uploadLock(request.query.get('uploadId') ?? '', async () => {
    const upload = await findUpload(exchange);
    const target = files.incomingPath();
    const joined = await multipart.join(upload, list, target);
    const isNew = await files.commit(request.bucket, request.key, target, joined, onlyNew);
    if (!isNew) throw new Refusal('FileAlreadyExists');
    await multipart.remove(upload);
    return joined;
  });
  const location = `http://${header(request, 'host')}${request.incoming.url?.split('?')[0] ?? ''}`;
  const result = { Location: location, Bucket: request.bucket, Key: request.key, ETag: `"${object.etag}"` };
  const headers = { ETag: `"${object.etag}"`, 'x-oss-hash-crc64ecma': object.crc64 };
  await answer.send(200, headers, xmlDocument('CompleteMultipartUploadResult', result));
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/abortmultipartupload */
export async function abortMultipartUpload(exchange: Exchange): Promise<void> {
  await exchange.multipart.remove(await findUpload(exchange));
  await exchange.answer.send(204);
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/listparts */
export async function listParts(exchange: Exchange): Promise<void> {
  const { request, multipart, answer } = exchange;
  const upload = await findUpload(exchange);
  const maxParts = Number(request.query.get('max-parts') ?? 1000);
  const marker = Number(request.query.get('part-number-marker') ?? 0);
  if (!Number.isInteger(maxParts) || maxParts < 1 || maxParts > 1000) {
    throw invalidArgument('Argument max-parts must be an integer between 1 and 1000.', 'max-parts', maxParts);
  }
  const rest = (await multipart.parts(upload)).filter((part) => part.partNumber > marker);
  const page = rest.slice(0, maxParts);
  const result = {
    Bucket: upload.bucket,
    Key: upload.key,
    UploadId: upload.uploadId,
    StorageClass: 'Standard',
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.partNumber ?? marker,
    MaxParts: maxParts,
    IsTruncated: String(rest.length > page.length),
    Part: page.map((part) => ({
      PartNumber: part.partNumber,
      LastModified: xmlTime(part.lastModifiedMs),
      ETag: `"${part.etag}"`,
      HashCrc64ecma: part.crc64,
      Size: part.bytes,
    })),
  };
  await answer.send(200, {}, xmlDocument('ListPartsResult', result));
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/listmultipartuploads - in one page. */
export async function listMultipartUploads({ request, multipart, answer }: Exchange): Promise<void> {
  const prefix = request.query.get('prefix') ?? '';
  const uploads = (await multipart.uploads(request.bucket)).filter((upload) => upload.key.startsWith(prefix));
  const result = {
    Bucket: request.bucket,
    KeyMarker: '',
    UploadIdMarker: '',
    Prefix: prefix,
    MaxUploads: Math.max(uploads.length, 1000),
    IsTruncated: 'false',
    Upload: uploads.map((upload) => ({
      Key: upload.key,
      UploadId: upload.uploadId,
      StorageClass: 'Standard',
      Initiated: xmlTime(upload.initiatedMs),
    })),
  };
  await answer.send(200, {}, xmlDocument('ListMultipartUploadsResult', result));
}

function findUpload({ request, multipart }: Exchange) {
  return multipart.find(request.bucket, request.key, request.query.get('uploadId') ?? '');
}

function invalidArgument(message: string, name: string, value: number): Refusal {
  return new Refusal('InvalidArgument', {
    message,
    fields: { ArgumentName: name, ArgumentValue: String(value) },
  });
}
