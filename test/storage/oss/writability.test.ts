/** Whether a place may be written to: asked as the file is saved, once for all who ask, without a trace. */
import { expect, test } from 'vitest';
import { drivers } from '../../../src/storage/drivers.js';
import { createPlaces } from '../../../src/storage/open.js';
import { openCloud, right } from './test-cloud.js';

const { readPath } = createPlaces(drivers);
const headers = { contentType: 'image/png', metadata: { 'hologen-job': 'a job' } };
const signal = () => new AbortController().signal;

test('a proof of writability leaves no object, is shared and is remembered', async () => {
  await using cloud = await openCloud();
  const directory = readPath('oss://media/out/', 'output_dir');
  await Promise.all(
    Array.from({ length: 20 }, () => cloud.storage.checkWritable(directory, right, headers, signal())),
  );
  await cloud.storage.checkWritable(directory, right, headers, signal());
  expect(cloud.proxy.lines.map((line) => line.split(' ')[0])).toEqual(['POST', 'DELETE']);
});

test('a proof of writability says nothing of an object with other headers', async () => {
  await using cloud = await openCloud();
  const film = readPath('oss://media/out/film.mp4', 'output_dir');
  for (const contentType of ['image/png', 'video/mp4', 'image/png'])
    await cloud.storage.checkWritable(film, right, { ...headers, contentType }, signal());
  const asked = cloud.store.requests().filter(({ operation }) => operation === 'InitiateMultipartUpload');
  expect(asked.map((each) => [each.headers['content-type'], each.headers['x-oss-meta-hologen-job']])).toEqual(
    [
      ['image/png', 'a job'],
      ['video/mp4', 'a job'],
    ],
  );
});

test('a bucket that does not exist is not writable, and a later try asks again', async () => {
  await using cloud = await openCloud();
  const directory = readPath('oss://no-such-bucket/out/', 'output_dir');
  for (let round = 0; round < 2; round += 1) {
    await expect(cloud.storage.checkWritable(directory, right, headers, signal())).rejects.toMatchObject({
      sqlstate: '58P01',
    });
  }
  expect(cloud.proxy.lines).toHaveLength(2);
});
