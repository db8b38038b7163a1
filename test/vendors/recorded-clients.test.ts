/**
 * Vendors' clients of Python, which npm has not: what they send was recorded from their own source against the sandbox, and is replayed here.
 * Placeholders stand for what an earlier answer gave; signatures are made anew from what the client itself signed.
 */
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createCanvas } from '@napi-rs/canvas';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestCloud, type TestCloud } from './sandbox-cloud.js';

interface Recorded {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** One character a byte. */
  body: string;
  status: number;
  host?: string;
  /** Elements of the XML answer that the client read. */
  elements?: string[];
  /** What was signed with signature 4. */
  canonical?: string;
}

function recorded(name: string): Recorded[] {
  const text = readFileSync(new URL(`recorded/${name}.json`, import.meta.url), 'utf8');
  return JSON.parse(text).requests;
}

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await startTestCloud();
});
afterAll(() => cloud?.[Symbol.asyncDispose]());

const filled = (text: string, known: Map<string, string>) =>
  text.replace(/\{\{(\w+)\}\}/g, (_whole, name) => known.get(name) ?? `no ${name}`);

async function send(
  { method, path, headers, body, host }: Recorded,
  own: Record<string, string>,
  port: string,
) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const payload = Buffer.from(body, 'latin1');
    const length =
      body === '' && method !== 'PUT' && method !== 'POST' ? {} : { 'content-length': payload.length };
    const all = { ...headers, ...own, ...length, ...(host && { host }) };
    const request = httpRequest(
      { host: '127.0.0.1', port, method, path, headers: all, agent: false },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      },
    );
    request.on('error', reject);
    request.end(payload);
  });
}

/** The form of the client's oss_utils.py, in its order, with the file last. */
async function upload(answer: Record<string, string>): Promise<void> {
  const form = new FormData();
  form.set('OSSAccessKeyId', `${answer.oss_access_key_id}`);
  form.set('Signature', `${answer.signature}`);
  form.set('policy', `${answer.policy}`);
  form.set('key', `${answer.upload_dir}/small.png`);
  form.set('x-oss-object-acl', `${answer.x_oss_object_acl}`);
  form.set('x-oss-forbid-overwrite', `${answer.x_oss_forbid_overwrite}`);
  form.set('success_action_status', '200');
  form.set('x-oss-content-type', 'image/png');
  const picture = new Uint8Array(createCanvas(400, 400).toBuffer('image/jpeg'));
  form.set('file', new Blob([picture]), 'small.png');
  const { status } = await fetch(`${answer.upload_host}`, { method: 'POST', body: form });
  expect(status).toBe(200);
}

/** What the client's own classes look for in an answer: a text, choices with their content, vectors, or a task. */
function readByClient(output: Record<string, unknown>): boolean {
  const { text, choices, embeddings, task_id: taskId, task_status: status } = output;
  if (Array.isArray(embeddings)) return embeddings.every(({ embedding }) => embedding.length >= 512);
  if (Array.isArray(choices))
    return choices.every(({ message }) => message.role === 'assistant' && message.content.length > 0);
  return (typeof text === 'string' && text !== '') || (typeof taskId === 'string' && status === 'PENDING');
}

test('dashscope: chats, streams, embeddings, pictures, videos, local files, tasks', async () => {
  const { port } = new URL(cloud.modelStudio);
  const known = new Map<string, string>();
  const authorization = `Bearer ${cloud.apiKey}`;
  let streams = 0;
  for (const each of recorded('dashscope')) {
    const request = { ...each, path: filled(each.path, known), body: filled(each.body, known) };
    let answer = await send(request, { authorization }, port);
    while (
      /"task_status":"(PENDING|RUNNING)"/.test(answer.text) &&
      each.method === 'GET' &&
      each.path.includes('{{')
    )
      answer = await send(request, { authorization }, port);
    expect([each.path, answer.status]).toEqual([each.path, each.status]);
    if (answer.text.startsWith('id:')) {
      streams += 1;
      expect(answer.text).toMatch(/^id:1\nevent:result\n:HTTP_STATUS\/200\ndata:\{/);
      continue;
    }
    const { output, data, request_id: requestId } = JSON.parse(answer.text);
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    if (each.method === 'POST') expect([each.body, readByClient(output)]).toEqual([each.body, true]);
    if (each.path.includes('getPolicy')) {
      for (const [name, value] of Object.entries(data)) known.set(name, String(value));
      await upload(data);
    }
    if (output?.task_id && each.method === 'POST') known.set('task_id', output.task_id);
    if (each.path.includes('/tasks/')) expect(output.task_status).toBe('SUCCEEDED');
  }
  expect(streams).toBe(1);
});

test('dashscope: another account, another model, or no header for it, and an uploaded file is no URL', async () => {
  const { modelStudio: base } = cloud;
  const ask = async (path: string, key: string, headers = {}, body?: object) => {
    const all = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers };
    const answer = await fetch(base + path, {
      headers: all,
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as { data: Record<string, string> } };
  };
  const policy = await ask('/api/v1/uploads?action=getPolicy&model=qwen-image-2.0', 'sk-one');
  await upload(policy.body.data);
  const image = `oss://${policy.body.data.upload_dir}/small.png`;
  const resolving = { 'x-dashscope-ossresourceresolve': 'enable' };
  const edit = (key: string, model: string, headers: object) =>
    ask('/api/v1/services/aigc/multimodal-generation/generation', key, headers, {
      model,
      input: { messages: [{ role: 'user', content: [{ image }, { text: 'edit' }] }] },
    });
  expect((await edit('sk-one', 'qwen-image-2.0', resolving)).status).toBe(200);
  expect((await edit('sk-two', 'qwen-image-2.0', resolving)).status).toBe(400);
  expect((await edit('sk-one', 'qwen-image-2.0-pro', resolving)).status).toBe(400);
  expect((await edit('sk-one', 'qwen-image-2.0', {})).status).toBe(400);
});

/** Parameters that oss2 signs, of those in the recording. */
const signedByOss2 = [
  'objectMeta',
  'continuation-token',
  'uploads',
  'uploadId',
  'partNumber',
  'delete',
  'bucketInfo',
  'acl',
];

/** As oss2's auth.py makes it. */
function signatureOne({ method, path, headers, host = '' }: Recorded, date: string): Record<string, string> {
  const [key = '', query = ''] = path.split('?');
  const bucket = host.startsWith('oss-') ? '' : host.split('.')[0];
  const parameters = [...new URLSearchParams(query)].filter(([name]) => signedByOss2.includes(name)).sort();
  const sub = parameters.map(([name, value]) => (value ? `${name}=${value}` : name)).join('&');
  const resource = (bucket ? `/${bucket}${decodeURIComponent(key)}` : '/') + (sub ? `?${sub}` : '');
  const own = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-oss-'))
    .sort();
  const lines = [method, headers['content-md5'] ?? '', headers['content-type'] ?? '', date];
  const text = [...lines, ...own.map(([name, value]) => `${name}:${value}`), resource].join('\n');
  const { accessKeyId, accessKeySecret } = cloud.accessKey;
  return {
    date,
    authorization: `OSS ${accessKeyId}:${createHmac('sha1', accessKeySecret).update(text).digest('base64')}`,
  };
}

/** Of the canonical request that the client made, at another time. */
function signatureFour({ canonical = '' }: Recorded): Record<string, string> {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${date.slice(0, 8)}/cn-hangzhou/oss/aliyun_v4_request`;
  const own = canonical.replace(/x-oss-date:\w+/, `x-oss-date:${date}`);
  const hash = createHash('sha256').update(own).digest('hex');
  const { accessKeyId, accessKeySecret } = cloud.accessKey;
  const sign = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = scope.split('/').reduce<string | Buffer>(sign, `aliyun_v4${accessKeySecret}`);
  const signature = sign(key, `OSS4-HMAC-SHA256\n${date}\n${scope}\n${hash}`).toString('hex');
  return {
    'x-oss-date': date,
    authorization: `OSS4-HMAC-SHA256 Credential=${accessKeyId}/${scope},Signature=${signature}`,
  };
}

test.each([
  ['oss2', 29],
  ['alibabacloud-oss-v2', 17],
])('%s: objects, metadata, copies, lists, uploads in parts, batches, buckets', async (name, count) => {
  const { port } = new URL(cloud.oss);
  const known = new Map<string, string>();
  const requests = recorded(name);
  expect(requests).toHaveLength(count);
  for (const each of requests) {
    const request = { ...each, path: filled(each.path, known) };
    const signed = each.canonical ? signatureFour(request) : signatureOne(request, new Date().toUTCString());
    const { status, text } = await send(request, signed, port);
    expect([each.method, each.path, status, text]).toEqual([each.method, each.path, each.status, text]);
    const found = [...text.matchAll(/<([A-Za-z]+)>/g)].map(([, element]) => element);
    expect(found).toEqual(expect.arrayContaining(each.elements ?? []));
    for (const [, time] of text.matchAll(/<(?:LastModified|CreationDate)>(.*?)</g))
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    const uploadId = /<UploadId>(.*?)</.exec(text)?.[1];
    if (uploadId) known.set('UploadId', uploadId);
  }
});
