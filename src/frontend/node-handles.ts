/**
 * The libuv handle under a connection. For each read and each write Node's streams do more than the system call takes; most of a session's messages are
 * small, and need none of it.
 *
 * None of this is documented, though it has been the same from Node 12 to 24: where a part is missing, or the connection is encrypted, there is no
 * such handle, and all goes through the stream.
 */
import { Socket } from 'node:net';

/** What is used of a handle. */
export interface Handle {
  /** An error number of libuv's, 0 for none. Of what the system does not take at once the rest is written later, in order. */
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
  /** Called when bytes were read into the handle's buffer, or could not be. Other memory that it returns is read into from then on. */
  onread: (this: Handle, arrayBuffer?: ArrayBuffer) => Buffer | undefined;
  reading: boolean;
  readStop(): number;
}

/** Used up only by a write that is not done at once. */
export interface WriteRequest {
  /** Called with an error number of libuv's. */
  oncomplete?(status: number): void;
  /** Held as long as libuv reads from it. */
  bytes?: Buffer;
}

interface Streams {
  WriteWrap: new () => WriteRequest;
  /** How the last read or write of all handles went, by the numbers below. */
  streamBaseState: ArrayLike<number>;
  kReadBytesOrError: number;
  kLastWriteWasAsync: number;
}

/** Node's part, undefined where it is another one than known here. */
const streams = nodesStreams();
const state = streams?.streamBaseState ?? [];
const [bytesAt, asyncAt] = [streams?.kReadBytesOrError ?? 0, streams?.kLastWriteWasAsync ?? 0];

function nodesStreams(): Streams | undefined {
  const before = process.noDeprecation ?? false;
  try {
    // Whoever starts Node with --pending-deprecation is told of what can be told, and --throw-deprecation ends nothing.
    process.noDeprecation = true;
    const { binding } = process as unknown as { binding(name: 'stream_wrap'): Partial<Streams> };
    const found = binding('stream_wrap');
    const { WriteWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync } = found;
    const isWhole = WriteWrap && streamBaseState && kReadBytesOrError !== undefined;
    return isWhole && kLastWriteWasAsync !== undefined ? (found as Streams) : undefined;
  } catch {
    return undefined;
  } finally {
    process.noDeprecation = before;
  }
}

/** In `onread`: how many bytes were read; below 0 an error number of libuv's. */
export function readBytes(): number {
  return state[bytesAt] as number;
}

/** Behind `writeBuffer`: all of it has been written. */
export function wasWritten(): boolean {
  return state[asyncAt] === 0;
}

export function createWriteRequest(): WriteRequest {
  if (!streams) throw new Error('there is no handle to write to');
  return new streams.WriteWrap();
}

/** Undefined where there is only the stream. */
export function handleOf(socket: Socket): Handle | undefined {
  const { _handle: handle } = socket as unknown as { _handle?: Partial<Handle> | null };
  if (!streams || socket.constructor !== Socket) return undefined;
  const isKnown = handle?.writeBuffer && handle.onread && handle.readStop;
  return isKnown ? (handle as Handle) : undefined;
}
