/** A small file may say that it is a huge picture: it is not unpacked. */
import { createCanvas } from '@napi-rs/canvas';
import { expect, test } from 'vitest';
import { refuseHugePicture } from '../../src/media/picture-size.js';

/** The beginning of a PNG of that size: https://www.w3.org/TR/png-3/#11IHDR. */
function png(width: number, height: number): Buffer {
  const file = createCanvas(1, 1).toBuffer('image/png');
  file.writeUInt32BE(width, 16);
  file.writeUInt32BE(height, 20);
  return file;
}

test('a picture of as many pixels as no model makes is refused by what its file says', () => {
  expect(() => refuseHugePicture(png(16_000, 16_000))).toThrow('16000*16000 pixels');
  expect(() =>
    refuseHugePicture(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="90000" height="90000"/>')),
  ).toThrow('90000*90000 pixels');
});

test('usual pictures pass, and so does what is none: whoever unpacks it says so', () => {
  for (const file of [png(4096, 4096), Buffer.from('no picture'), Buffer.alloc(0)]) refuseHugePicture(file);
});
