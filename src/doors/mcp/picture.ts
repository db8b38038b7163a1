/** A picture as an agent's model can see it: small enough for its context, whatever the size of the file. */
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { refuseHugePicture } from '../../media/picture-size.js';

const mostBytes = 32 * 1024 * 1024;
const quality = 85;

/** JPEG, no wider or higher than `side` pixels. Rejects when the address is gone or has no picture. */
export async function smallPicture(address: string, side: number): Promise<Buffer> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the picture is gone: HTTP ${answer.status}`);
  if (Number(answer.headers.get('content-length') ?? 0) > mostBytes)
    throw new Error(`the picture is larger than ${mostBytes / 1024 / 1024} MiB`);
  const file = Buffer.from(await answer.arrayBuffer());
  refuseHugePicture(file);
  const whole = await loadImage(file);
  const scale = Math.min(1, side / Math.max(whole.width, whole.height));
  const [width, height] = [Math.round(whole.width * scale), Math.round(whole.height * scale)];
  const canvas = createCanvas(width, height);
  const paper = canvas.getContext('2d');
  // JPEG knows no transparency.
  paper.fillStyle = '#ffffff';
  paper.fillRect(0, 0, width, height);
  paper.drawImage(whole, 0, 0, width, height);
  return canvas.encode('jpeg', quality);
}
