/** ListBuckets, PutBucket, DeleteBucket, GetBucketAcl. */
import { readBodyText } from './body-text.js';
import { aclDocument } from './copy-and-delete.js';
import type { Exchange } from './exchange.js';
import { Refusal } from './refusal.js';
import { xmlDocument, xmlTime } from './xml.js';

/** https://www.alibabacloud.com/help/en/oss/developer-reference/listbuckets */
export async function listBuckets({ request, files, answer }: Exchange): Promise<void> {
  const given = (name: string) => request.query.get(name) ?? '';
  const most = Number(given('max-keys') || 100);
  if (!Number.isInteger(most) || most < 1 || most > 1000)
    throw new Refusal('InvalidArgument', {
      fields: { ArgumentName: 'max-keys', ArgumentValue: given('max-keys') },
    });
  const buckets = (await files.buckets()).filter(
    ({ name }) => name.startsWith(given('prefix')) && name > given('marker'),
  );
  const page = buckets.slice(0, most);
  const more = buckets.length > page.length;
  const rows = page.map(({ name, region, createdMs }) => {
    const location = `oss-${region === '*' ? 'cn-hangzhou' : region}`;
    return {
      CreationDate: xmlTime(createdMs),
      ExtranetEndpoint: `${location}.aliyuncs.com`,
      IntranetEndpoint: `${location}-internal.aliyuncs.com`,
      Location: location,
      Name: name,
      Region: location.slice('oss-'.length),
      StorageClass: 'Standard',
    };
  });
  const result = {
    // oss2 reads these three when a page is not the last one alone.
    ...(more && { Prefix: given('prefix'), Marker: given('marker'), MaxKeys: most }),
    IsTruncated: String(more),
    NextMarker: more ? page.at(-1)?.name : undefined,
    Owner: { ID: 'sandbox', DisplayName: 'sandbox' },
    Buckets: { Bucket: rows },
  };
  await answer.send(200, {}, xmlDocument('ListAllMyBucketsResult', result));
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/putbucket - an own one that is there already stays. */
export async function putBucket(exchange: Exchange): Promise<void> {
  const { request, files, answer } = exchange;
  // What it says of storage class and redundancy has no meaning here.
  await readBodyText(exchange);
  await files.createBucket(request.bucket, request.endpointRegion ?? 'cn-hangzhou');
  await answer.send(200);
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/deletebucket */
export async function deleteBucket({ request, files, multipart, answer }: Exchange): Promise<void> {
  const isEmpty = (await files.keys(request.bucket, '')).length === 0;
  if (!isEmpty || (await multipart.uploads(request.bucket)).length > 0)
    throw new Refusal('BucketNotEmpty', { fields: { BucketName: request.bucket } });
  await files.deleteBucket(request.bucket);
  await answer.send(204);
}

/** https://www.alibabacloud.com/help/en/oss/developer-reference/getbucketacl */
export async function getBucketAcl({ answer }: Exchange): Promise<void> {
  await answer.send(200, {}, aclDocument('private'));
}
