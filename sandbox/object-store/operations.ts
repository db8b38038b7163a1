/** Which API operation a request is, and which right it needs. */
import { getBucketInfo, getBucketLocation, listObjects, listObjectsV2 } from './bucket-operations.js';
import { copyObject, deleteObjects, getObjectAcl, getObjectMeta } from './copy-and-delete.js';
import type { RunOperation } from './exchange.js';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  initiateMultipartUpload,
  listMultipartUploads,
  listParts,
  uploadPart,
} from './multipart-operations.js';
import { deleteObject, getObject, putObject } from './object-operations.js';
import { Refusal } from './refusal.js';
import { header, type StoreRequest } from './request.js';
import { deleteBucket, getBucketAcl, listBuckets, putBucket } from './service-operations.js';

export interface Operation {
  name: string;
  method: string;
  target: 'object' | 'bucket' | 'service';
  /** Query parameters that make a request this operation; it may have no other routing parameter. */
  routedBy: string[];
  /** RAM action a session policy must allow, on the object or on the bucket; '': the operation asks for each object's. */
  action: string;
  run: RunOperation;
}

type Row = [string, string, Operation['target'], string[], string, RunOperation];

const rows: Row[] = [
  ['GetObject', 'GET', 'object', [], 'oss:GetObject', getObject],
  ['HeadObject', 'HEAD', 'object', [], 'oss:GetObject', getObject],
  ['PutObject', 'PUT', 'object', [], 'oss:PutObject', putObject],
  ['CopyObject', 'PUT', 'object', [], 'oss:PutObject', copyObject],
  ['GetObjectMeta', 'HEAD', 'object', ['objectMeta'], 'oss:GetObject', getObjectMeta],
  ['GetObjectAcl', 'GET', 'object', ['acl'], 'oss:GetObjectAcl', getObjectAcl],
  ['DeleteObject', 'DELETE', 'object', [], 'oss:DeleteObject', deleteObject],
  ['InitiateMultipartUpload', 'POST', 'object', ['uploads'], 'oss:PutObject', initiateMultipartUpload],
  ['UploadPart', 'PUT', 'object', ['partNumber', 'uploadId'], 'oss:PutObject', uploadPart],
  ['CompleteMultipartUpload', 'POST', 'object', ['uploadId'], 'oss:PutObject', completeMultipartUpload],
  [
    'AbortMultipartUpload',
    'DELETE',
    'object',
    ['uploadId'],
    'oss:AbortMultipartUpload',
    abortMultipartUpload,
  ],
  ['ListParts', 'GET', 'object', ['uploadId'], 'oss:ListParts', listParts],
  ['ListObjectsV2', 'GET', 'bucket', ['list-type'], 'oss:ListObjects', listObjectsV2],
  ['ListObjects', 'GET', 'bucket', [], 'oss:ListObjects', listObjects],
  ['ListMultipartUploads', 'GET', 'bucket', ['uploads'], 'oss:ListMultipartUploads', listMultipartUploads],
  ['DeleteMultipleObjects', 'POST', 'bucket', ['delete'], '', deleteObjects],
  ['ListBuckets', 'GET', 'service', [], 'oss:ListBuckets', listBuckets],
  ['PutBucket', 'PUT', 'bucket', [], 'oss:PutBucket', putBucket],
  ['DeleteBucket', 'DELETE', 'bucket', [], 'oss:DeleteBucket', deleteBucket],
  ['GetBucketAcl', 'GET', 'bucket', ['acl'], 'oss:GetBucketAcl', getBucketAcl],
  ['GetBucketInfo', 'GET', 'bucket', ['bucketInfo'], 'oss:GetBucketInfo', getBucketInfo],
  ['GetBucketLocation', 'GET', 'bucket', ['location'], 'oss:GetBucketLocation', getBucketLocation],
];

const operations: Operation[] = rows.map(([name, method, target, routedBy, action, run]) => {
  return { name, method, target, routedBy, action, run };
});

/** Parameters that choose an operation; one that is not served here must not be mistaken for a plain request. */
const routingParameters = new Set(
  `accessPoint acl append bucketInfo cname comp cors delete encryption img inventory lifecycle link list-type
  location logging metaQuery objectInfo objectMeta partNumber policy policyStatus position publicAccessBlock qos
  referer replication replicationLocation replicationProgress requestPayment resourceGroup restore sequential stat
  status style symlink tagging transferAcceleration uploadId uploads versionId versioning versions vod website worm
  wormExtend wormId x-oss-async-process x-oss-process`.split(/\s+/),
);

/** Throws NotImplemented for what this store does not serve. */
export function findOperation(request: StoreRequest): Operation {
  const target = request.bucket === '' ? 'service' : request.key === '' ? 'bucket' : 'object';
  // A copy is a PUT like an upload; its header tells.
  const isCopy = header(request, 'x-oss-copy-source') !== '';
  const routing = [...request.query.keys()].filter((name) => routingParameters.has(name));
  const operation = operations.find(
    ({ name, method, target: operationTarget, routedBy }) =>
      method === request.method &&
      (name !== 'PutObject' || !isCopy) &&
      (name !== 'CopyObject' || isCopy) &&
      operationTarget === target &&
      routedBy.length === routing.length &&
      routedBy.every((name) => routing.includes(name)),
  );
  if (!operation) throw new Refusal('NotImplemented');
  return operation;
}
