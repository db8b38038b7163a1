/** Small pictures for the gallery: made once, kept in a folder of bounded size, the longest unused go first. */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { refuseHugePicture } from '../../media/picture-size.js';

const longestSide = 480;
const quality = 80;
const mostBytes = 256 * 1024 * 1024;
const largestSourceBytes = 48 * 1024 * 1024;
/** Decoding a picture takes tens of megabytes. */
const atOnce = 2;

export interface Thumbnails {
  /** A WebP picture. `open` is called when it must be made. */
  get(name: string, open: () => Promise<Readable>): Promise<Buffer>;
}

export async function openThumbnails(folder: string): Promise<Thumbnails> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  /** In the order of their last use. */
  const kept = await listKept(folder);
  let keptBytes = [...kept.values()].reduce((sum, bytes) => sum + bytes, 0);
  const making = new Map<string, Promise<Buffer>>();
  const takeTurn = createTurns(atOnce);

  async function make(name: string, open: () => Promise<Readable>): Promise<Buffer> {
    const small = await takeTurn(async () => shrink(await readWhole(await open())));
    const file = join(folder, name);
    // Renamed when it is whole: who is killed half way leaves no broken picture.
    await writeFile(`${file}.new`, small, { mode: 0o600 });
    await rename(`${file}.new`, file);
    kept.set(name, small.length);
    keptBytes += small.length;
    for (const [oldest, bytes] of kept) {
      if (keptBytes <= mostBytes) break;
      kept.delete(oldest);
      keptBytes -= bytes;
      await rm(join(folder, oldest), { force: true });
    }
    return small;
  }

  return {
    async get(name, open) {
      const bytes = kept.get(name);
      if (bytes !== undefined) {
        kept.delete(name);
        kept.set(name, bytes);
        const content = await readFile(join(folder, name)).catch(() => undefined);
        if (content) return content;
        kept.delete(name);
        keptBytes -= bytes;
      }
      const present = making.get(name) ?? make(name, open).finally(() => making.delete(name));
      making.set(name, present);
      return present;
    },
  };
}

async function listKept(folder: string): Promise<Map<string, number>> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const { size, mtimeMs } = await stat(join(folder, name));
      return { name, size, mtimeMs };
    }),
  );
  files.sort((a, b) => a.mtimeMs - b.mtimeMs);
  return new Map(files.filter(({ name }) => name.endsWith('.webp')).map(({ name, size }) => [name, size]));
}

async function readWhole(source: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestSourceBytes) throw new Error('the picture is too large for a thumbnail');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function shrink(picture: Buffer): Promise<Buffer> {
  // Loaded only where it is used: a drawing library that a gateway without visitors does not need.
  const { createCanvas, loadImage } = await import('@napi-rs/canvas');
  refuseHugePicture(picture);
  const image = await loadImage(picture);
  const scale = Math.min(1, longestSide / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = createCanvas(width ?? 1, height ?? 1);
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.encode('webp', quality);
}

function createTurns(places: number) {
  const waiting: (() => void)[] = [];
  let taken = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (taken >= places) await new Promise<void>((resolve) => waiting.push(resolve));
    taken += 1;
    try {
      return await work();
    } finally {
      taken -= 1;
      waiting.shift()?.();
    }
  };
}
