import { createCanvas } from '@napi-rs/canvas';
import { expect, test } from 'vitest';
import { drawPicture, type PictureRequest, pictureSize } from '../../sandbox/media/pictures.js';
import { countColor, plainPicture, rgbPixels } from './ffmpeg.js';

const MAGENTA: [number, number, number] = [255, 0, 255];
const BADGE: [number, number, number] = [255, 197, 61];

function request(changes: Partial<PictureRequest> = {}): PictureRequest {
  const title = 'sandbox · qwen-image-2.0-pro · text-to-image · 1 of 2';
  return {
    width: 640,
    height: 512,
    title,
    prompt: 'A red fox in the snow',
    references: [],
    seed: 1,
    ...changes,
  };
}

test.each([
  [512, 512],
  [1920, 1080],
  [928, 1664],
  [4000, 600],
  [64, 64],
])('a picture of %i x %i decodes at exactly that size and carries the badge', async (width, height) => {
  const picture = await drawPicture(request({ width, height }));
  expect(pictureSize(picture)).toEqual({ width, height, format: 'png' });
  const pixels = await rgbPixels(picture);
  expect(pixels.length).toBe(width * height * 3);
  expect(countColor(pixels, BADGE)).toBeGreaterThan(width * height * 0.002);
});

test('the same request gives the same picture, another seed a visibly different one', async () => {
  const [one, again, other] = await Promise.all([
    drawPicture(request()),
    drawPicture(request()),
    drawPicture(request({ seed: 2 })),
  ]);
  expect(again.equals(one)).toBe(true);
  const [pixels, otherPixels] = [await rgbPixels(one), await rgbPixels(other)];
  let different = 0;
  for (let at = 0; at < pixels.length; at++) {
    if (Math.abs(pixels.readUInt8(at) - otherPixels.readUInt8(at)) > 20) different++;
  }
  expect(different).toBeGreaterThan(pixels.length / 4);
});

test.each(['png', 'mjpeg', 'libwebp', 'gif', 'bmp'])('a reference encoded with %s shows', async (codec) => {
  const reference = await plainPicture('0xff00ff', '300x200', codec);
  const picture = await drawPicture(request({ references: [reference] }));
  expect(countColor(await rgbPixels(picture), MAGENTA)).toBeGreaterThan(8000);
  const without = await drawPicture(request());
  expect(countColor(await rgbPixels(without), MAGENTA)).toBe(0);
});

test('references that are no pictures, or broken ones, do not stop the drawing', async () => {
  const png = await plainPicture('0xff00ff', '300x200', 'png');
  const references = [Buffer.from('\0\0\0\x20ftypisom'), Buffer.alloc(0), png.subarray(0, 40)];
  expect(pictureSize(await drawPicture(request({ references })))?.width).toBe(640);
});

test('a long prompt, an unbroken one and an empty one fit into the picture', async () => {
  const prompts = ['very long '.repeat(2000), '无'.repeat(5000), 'x'.repeat(3000), ''];
  for (const prompt of prompts) {
    const picture = await drawPicture(request({ prompt, width: 512, height: 512 }));
    expect(pictureSize(picture)).toEqual({ width: 512, height: 512, format: 'png' });
  }
});

test.each([
  ['png', 'png'],
  ['mjpeg', 'jpeg'],
  ['libwebp', 'webp'],
  ['bmp', 'bmp'],
  ['gif', 'gif'],
  ['tiff', 'tiff'],
])('the size of a picture encoded with %s is read from its header', async (codec, format) => {
  expect(pictureSize(await plainPicture('red', '322x46', codec))).toEqual({ width: 322, height: 46, format });
});

test('the size of a lossless WebP and of one with transparency is read from its header', async () => {
  const canvas = createCanvas(37, 21);
  for (const quality of [100, 50]) {
    expect(pictureSize(await canvas.encode('webp', quality))).toEqual({
      width: 37,
      height: 21,
      format: 'webp',
    });
  }
});

test('what is no picture, or ends within its header, has no size', async () => {
  expect(pictureSize(Buffer.from('<svg width="10" height="10"/>'))).toBeUndefined();
  expect(pictureSize(new Uint8Array())).toBeUndefined();
  for (const codec of ['png', 'mjpeg', 'libwebp', 'bmp', 'gif', 'tiff']) {
    const picture = await plainPicture('red', '64x64', codec);
    expect(pictureSize(picture.subarray(0, 9)), codec).toBeUndefined();
  }
});
