/** Lets a connection read into one buffer over and over instead of a new one each time, which halves what a read costs Node. */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { type Handle, handleOf, readBytes } from './node-handles.js';

export interface Landing {
  onread: OnReadOpts;
  /** Takes what was read, which is gone with the next read; false pauses reading. */
  take(chunk: Buffer): boolean;
  /** True while something still refers to what was read last. */
  keeps(): boolean;
  /** What the socket reads comes here without the stream between, as far as that can be; its end and errors are still the stream's. */
  readStraight(socket: Socket): void;
}

/** The buffer grows as long as reads fill it: most sessions never need more than the least, and Node alone never reads more than the most. */
const leastBytes = 8 * 1024;
const mostBytes = 64 * 1024;

export function createLanding(): Landing {
  let size = leastBytes;
  let memory = Buffer.alloc(0);
  let view = memory;
  /** Where the next read goes. */
  const next = (): Buffer => {
    // An unfinished write still reads from the old buffer.
    if (memory.length !== size || landing.keeps()) {
      memory = Buffer.allocUnsafeSlow(size);
      view = memory;
    }
    return memory;
  };
  const take = (bytes: number): boolean => {
    // Small answers are often of one length.
    if (view.length !== bytes) view = memory.subarray(0, bytes);
    if (bytes === size && size < mostBytes) size *= 2;
    return landing.take(view);
  };
  const landing: Landing = {
    onread: { buffer: next, callback: take },
    take: () => true,
    keeps: () => false,
    readStraight(socket) {
      const handle = handleOf(socket);
      if (handle) goPastStream(handle, take, next);
    },
  };
  return landing;
}

function goPastStream(handle: Handle, take: (bytes: number) => boolean, next: () => Buffer): void {
  const { onread: asStream } = handle;
  let memory: Buffer | undefined;
  handle.onread = function (this: Handle, arrayBuffer) {
    const bytes = readBytes();
    // A connection that was opened without a landing reads into memory of its own.
    if (bytes <= 0 || arrayBuffer) return asStream.call(this, arrayBuffer);
    if (!take(bytes)) {
      this.reading = false;
      this.readStop();
    }
    const before = memory;
    memory = next();
    return memory === before ? undefined : memory;
  };
}

/**
 * The same connection as another, paused socket that reads into the landing; undefined if it has to stay as it is. The old socket is good for
 * nothing from then on but to be destroyed and its close event: each closes with the other.
 *
 * Node has the option `onread` for connections that it opens, and none for those that a server accepts. Taking the handle over is what Node's
 * own tls and cluster do; it is not documented, so where the parts are missing the socket is left alone.
 */
export function landOn(accepted: Socket, { onread }: Landing): Socket | undefined {
  const inner = accepted as unknown as { _handle?: { useUserBuffer?: unknown } | null };
  const handle = inner._handle;
  const isAtRest = accepted.readableLength === 0 && accepted.writableLength === 0;
  if (accepted.constructor !== Socket || !handle?.useUserBuffer || !isAtRest || accepted.destroyed)
    return undefined;
  inner._handle = null;
  const { allowHalfOpen } = accepted;
  const landed = new Socket({ handle, onread, allowHalfOpen, pauseOnCreate: true } as SocketConstructorOpts);
  accepted.once('close', () => landed.destroy());
  landed.on('error', () => landed.destroy()).once('close', () => accepted.destroy());
  return landed;
}
