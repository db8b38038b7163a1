/** The chunks of a source stream, with a limit for its silence; whatever goes wrong is told as the source's own failure. */

import type { Readable } from 'node:stream';

/** The source broke, stalled or has another length or checksum than announced; opening it again may help. */
export class SourceFailure extends Error {}

export interface SourceChunks {
  /** The next bytes, at least one; undefined at the end. */
  next(): Promise<Buffer | undefined>;
  /** Bytes that `next` is to give once more, before all others. */
  putBack(chunk: Buffer): void;
  /** The source has said something that cannot be right. */
  fail(message: string): never;
  /** Set when the source was to blame. */
  failure(): SourceFailure | undefined;
  close(): void;
}

/** @param idleMs how long the source may be silent while it is being read */
export function readChunks(stream: Readable, idleMs: number, signal: AbortSignal): SourceChunks {
  const chunks: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  let rest: Buffer | undefined;
  let failure: SourceFailure | undefined;
  const onAbort = () => stream.destroy(new Error('aborted'));
  // An error between two reads must not be unhandled; the iterator reports it at the next read.
  stream.on('error', () => {});
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });

  async function read(): Promise<Buffer | undefined> {
    const timer = setTimeout(() => {
      failure = new SourceFailure(`the source sent nothing for ${idleMs} ms`);
      stream.destroy(failure);
    }, idleMs);
    try {
      return await nextFilled(chunks);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      failure ??= new SourceFailure(`the source broke: ${text}`, { cause: error });
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async next() {
      const chunk = rest ?? (await read());
      rest = undefined;
      return chunk;
    },
    putBack(chunk) {
      rest = chunk;
    },
    fail(message) {
      failure = new SourceFailure(message);
      throw failure;
    },
    failure: () => failure,
    close() {
      signal.removeEventListener('abort', onAbort);
      stream.destroy();
    },
  };
}

async function nextFilled(chunks: AsyncIterator<unknown>): Promise<Buffer | undefined> {
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return undefined;
    const chunk = Buffer.isBuffer(value) ? value : Buffer.from(value as Uint8Array | string);
    if (chunk.length > 0) return chunk;
  }
}
