/** Draws the pictures that the sandbox gives back in place of a model's: real PNGs that show what was asked. */
import { createCanvas } from '@napi-rs/canvas';
import { drawCard, layOut, readReferences } from './card.js';
import { sceneOf } from './scene.js';

export { pictureSize } from './picture-size.js';

export interface PictureRequest {
  /** Pixels. */
  width: number;
  height: number;
  /** E.g. "sandbox · qwen-image-2.0-pro · text-to-image · 1 of 2". */
  title: string;
  /** Any text; what does not fit is cut off with an ellipsis. */
  prompt: string;
  /** Encoded pictures (PNG, JPEG, WebP, GIF, BMP), shown as thumbnails; anything else shows as a named blank. */
  references: Uint8Array[];
  /** Decides colours and shapes. */
  seed: number;
}

/**
 * A PNG of exactly the asked size. The same request gives the same picture. Decoding and encoding run on other threads; only
 * the drawing itself (some ten milliseconds) holds the event loop.
 */
export async function drawPicture(request: PictureRequest): Promise<Buffer> {
  const { width, height } = request;
  const content = { ...request, references: await readReferences(request.references), isVideo: false };
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  const scene = sceneOf(request.seed, width, height);
  scene.sky(context);
  scene.sun(context, scene.restingSun);
  scene.hills(context);
  drawCard(context, content, layOut(context, content));
  return canvas.encode('png');
}
