/** Tells whether a PNG really shows through somewhere, which the video models do not take. */
import { createCanvas, loadImage } from '@napi-rs/canvas';

/** Small enough to be quick, large enough that a visible hole leaves a mark. */
const sampleSide = 256;
const opaque = 250;

/**
 * False for a PNG without an alpha channel and for one whose channel is opaque throughout: encoders such as
 * canvas write the channel always. An undecodable picture rejects.
 */
export async function isTransparentPng(encoded: Buffer): Promise<boolean> {
  // PNG header: byte 25 is the colour type; 4 and 6 carry an alpha channel.
  if (![4, 6].includes(encoded[25] ?? 0)) return false;
  const context = createCanvas(sampleSide, sampleSide).getContext('2d');
  context.drawImage(await loadImage(encoded), 0, 0, sampleSide, sampleSide);
  const { data } = context.getImageData(0, 0, sampleSide, sampleSide);
  for (let index = 3; index < data.length; index += 4) {
    if ((data[index] ?? 0) < opaque) return true;
  }
  return false;
}
