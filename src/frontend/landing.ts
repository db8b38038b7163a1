/** Lets a connection read into one buffer over and over instead of a new one each time, which halves what a read costs Node. */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

export interface Landing {
  onread: OnReadOpts;
  /** Takes what was read, which is gone with the next read; false pauses reading. */
  take(chunk: Buffer): boolean;
  /** True while something still refers to what was read last. */
  keeps(): boolean;
}

/** The buffer grows as long as reads fill it: most sessions never need more than the least, and Node alone never reads more than the most. */
const leastBytes = 8 * 1024;
const mostBytes = 64 * 1024;

export function createLanding(): Landing {
  let size = leastBytes;
  let memory = Buffer.alloc(0);
  let view = memory;
  const landing: Landing = {
    onread: {
      buffer: () => {
        // An unfinished write still reads from the old buffer.
        if (memory.length !== size || landing.keeps()) {
          memory = Buffer.allocUnsafeSlow(size);
          view = memory;
        }
        return memory;
      },
      callback: (bytes) => {
        // Small answers are often of one length.
        if (view.length !== bytes) view = memory.subarray(0, bytes);
        if (bytes === size && size < mostBytes) size *= 2;
        return landing.take(view);
      },
    },
    take: () => true,
    keeps: () => false,
  };
  return landing;
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
