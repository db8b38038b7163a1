import { expect, test } from 'vitest';
import { createPartBuffers } from '../../../src/storage/oss/part-buffers.js';

const never = new AbortController().signal;

test('a released buffer goes to the one who waits longest', async () => {
  const buffers = createPartBuffers(16, 1, 1);
  const first = await buffers.acquire(never);
  const order: number[] = [];
  const second = buffers.acquire(never).then((buffer) => {
    order.push(2);
    buffers.release(buffer);
  });
  const third = buffers.acquire(never).then(() => order.push(3));
  buffers.release(first);
  await Promise.all([second, third]);
  expect(order).toEqual([2, 3]);
});

test('an aborted wait gives its place away', async () => {
  const buffers = createPartBuffers(16, 1, 1);
  const first = await buffers.acquire(never);
  const controller = new AbortController();
  const aborted = buffers.acquire(controller.signal);
  const waiting = buffers.acquire(never);
  controller.abort();
  await expect(aborted).rejects.toMatchObject({ sqlstate: '57014' });
  buffers.release(first);
  expect(await waiting).toBe(first);
});

test('a free buffer is used again', async () => {
  const buffers = createPartBuffers(16, 2, 1);
  const first = await buffers.acquire(never);
  buffers.release(first);
  expect(await buffers.acquire(never)).toBe(first);
});
