/** Moves bytes from one socket through a frame stream into another. */
import type { Socket } from 'node:net';
import { type FrameStream, isRoutineChunk, pushChunk } from '../wire/frames.js';
import type { Landing } from './landing.js';
import type { Outlet } from './outlet.js';

/**
 * A receiver that stops reading stops the sender, so memory stays flat; so does a frame that its watcher takes its time with. A source with a
 * landing emits no data events. `first`: what the source sent before. `passed` is called behind each chunk.
 */
export function pump(
  source: Socket,
  outlet: Outlet,
  frames: FrameStream,
  { landing, first, passed }: { landing?: Landing; first?: Buffer; passed?: (() => void) | undefined } = {},
): void {
  const { socket: target } = outlet;
  /** False: there is no room for more. */
  const write = (pieces: Buffer[]): boolean => {
    let room = true;
    for (const piece of pieces) room = outlet.write(piece);
    if (!frames.replacing) return room;
    frames.replacing.then((rest) => {
      if (target.writable && write(rest)) source.resume();
    });
    return false;
  };
  const pass = (chunk: Buffer): boolean => {
    if (!isRoutineChunk(frames, chunk)) return write(pushChunk(frames, chunk));
    // Whoever it is for can begin.
    const room = outlet.write(chunk);
    frames.watcher.noteRoutine?.(chunk);
    passed?.();
    return room;
  };
  /** A source that is at its end may have left a frame that is still being replaced. */
  const end = (): void => {
    if (frames.replacing) frames.replacing.then(end);
    else target.end();
  };
  source.on('data', (chunk) => {
    if (!pass(chunk)) source.pause();
  });
  if (landing) {
    landing.take = pass;
    landing.readStraight(source);
    landing.keeps = () => outlet.keeps() || frames.replacing !== undefined;
  }
  target.on('drain', () => {
    if (!frames.replacing) source.resume();
  });
  source.on('end', end);
  source.on('error', () => source.destroy());
  source.on('close', () => target.destroySoon());
  // The source may have left while the connection to the engine was being made.
  // To write nothing would fail, too, where the target has said its last word and gone, and that would be lost.
  if (first?.length && !pass(first)) source.pause();
  else source.resume();
  if (source.readableEnded) end();
  if (source.destroyed) target.destroySoon();
}

export function whenClosed(socket: Socket): Promise<void> {
  return socket.destroyed
    ? Promise.resolve()
    : new Promise((resolve) => socket.once('close', () => resolve()));
}
