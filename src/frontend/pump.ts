/** Moves bytes from one socket through a frame stream into another. */
import type { OnReadOpts, Socket } from 'node:net';
import type { FrameStream } from '../wire/frames.js';

/** The buffer that a connection reads into. Reusing it halves what a read costs Node. */
export interface Landing {
  onread: OnReadOpts;
  /** Takes what was read; false pauses reading. */
  take(chunk: Buffer): boolean;
  /** True while something still refers to what was read last. */
  keeps(): boolean;
}

/** As much as Node reads at once. Pages that were never written to take no memory. */
const landingBytes = 64 * 1024;

export function createLanding(): Landing {
  let memory: Buffer | undefined;
  const landing: Landing = {
    onread: {
      buffer: () => {
        // An unfinished write still reads from the old buffer.
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

/** A receiver that stops reading stops the sender, so memory stays flat. A source with a landing emits no data events. */
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
  // The source may have left while the connection to the engine was being made.
  if (source.readableEnded) target.end();
  if (source.destroyed) target.destroySoon();
}

export function whenClosed(socket: Socket): Promise<void> {
  return socket.destroyed
    ? Promise.resolve()
    : new Promise((resolve) => socket.once('close', () => resolve()));
}
