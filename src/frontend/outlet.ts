/** Writes to one end of a session: past Node's stream where that is free. */
import type { Socket } from 'node:net';
import { createWriteRequest, handleOf, type WriteRequest, wasWritten } from './node-handles.js';

export interface Outlet {
  /** Nobody writes to it beside: what is straight would overtake what waits in the stream. */
  readonly socket: Socket;
  /** False: there is no room for more until the socket's `drain`. */
  write(bytes: Buffer): boolean;
  /** True while memory that was written is still read from. */
  keeps(): boolean;
  /** What is written from here on stays in memory until as many calls of `release`. */
  hold(): void;
  release(): void;
}

/** One is enough for all, as long as writes are done at once. */
let spare: WriteRequest | undefined;

export function createOutlet(socket: Socket): Outlet {
  const handle = handleOf(socket);
  let holds = 0;
  /** Of straight writes that the system has not taken whole yet. */
  let waitingBytes = 0;
  /** The stream may have something that goes first. */
  let isBehindStream = true;
  const mayGoStraight = (): boolean => {
    isBehindStream = holds > 0 || socket.writableLength > 0 || !socket.writable;
    return !isBehindStream;
  };
  const wait = (request: WriteRequest, bytes: Buffer): void => {
    waitingBytes += bytes.length;
    request.bytes = bytes;
    request.oncomplete = (status) => {
      waitingBytes -= bytes.length;
      if (status < 0) socket.destroy();
      else if (waitingBytes === 0 && socket.writable) socket.emit('drain');
    };
  };
  return {
    socket,
    write(bytes) {
      if (!handle || (isBehindStream && !mayGoStraight())) return socket.write(bytes);
      spare ??= createWriteRequest();
      if (handle.writeBuffer(spare, bytes) !== 0) {
        socket.destroy();
        return false;
      }
      if (wasWritten()) return true;
      wait(spare, bytes);
      spare = undefined;
      return waitingBytes < socket.writableHighWaterMark;
    },
    keeps: () => waitingBytes > 0 || (isBehindStream && socket.writableLength > 0),
    hold() {
      holds += 1;
      isBehindStream = true;
      socket.cork();
    },
    release() {
      holds -= 1;
      socket.uncork();
    },
  };
}
