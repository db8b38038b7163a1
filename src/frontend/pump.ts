/** Moves what one socket receives through a stream of frames into another socket. */
import type { OnReadOpts, Socket } from 'node:net';
import type { FrameStream } from '../wire/frames.js';

/** Where a connection's reads land: the same memory again and again, which halves what a read costs Node. */
export interface Landing {
  onread: OnReadOpts;
  /** Takes what came; false: no more for now. What it keeps a part of must be told by `keeps`. */
  take(chunk: Buffer): boolean;
  keeps(): boolean;
}

/** As much as Node reads at once by itself. Pages that no read ever reached take no memory. */
const landingBytes = 64 * 1024;

export function createLanding(): Landing {
  let memory: Buffer | undefined;
  const landing: Landing = {
    onread: {
      buffer: () => {
        // A write that did not end at once still reads from the old one.
        if (!memory || landing.keeps()) memory = Buffer.allocUnsafeSlow(landingBytes);
        return memory;
      },
      callback: (bytes, buffer) => landing.take(Buffer.from(buffer.buffer, buffer.byteOffset, bytes)),
    },
    take: () => true,
    keeps: () => false,
  };
  return landing;
}

/** A receiver that stops reading stops the sender, so memory stays flat. A source with a landing gives no data events. */
export function pump(source: Socket, target: Socket, frames: FrameStream, landing?: Landing): void {
  const pass = (chunk: Buffer): boolean => {
    let room = true;
    for (const piece of frames.push(chunk)) room = target.write(piece);
    return room;
  };
  source.on('data', (chunk) => {
    if (!pass(chunk)) source.pause();
  });
  if (landing) {
    landing.take = pass;
    landing.keeps = () => target.writableLength > 0;
  }
  target.on('drain', () => source.resume());
  source.on('end', () => target.end());
  source.on('error', () => source.destroy());
  source.on('close', () => target.destroySoon());
  // It may have left while the engine was connected.
  if (source.readableEnded) target.end();
  if (source.destroyed) target.destroySoon();
}

export function whenClosed(socket: Socket): Promise<void> {
  return socket.destroyed
    ? Promise.resolve()
    : new Promise((resolve) => socket.once('close', () => resolve()));
}
