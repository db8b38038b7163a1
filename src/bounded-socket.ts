/** A socket to the front door that takes no message of the engine's longer than a page could show: one row can be a gigabyte. */
import { Socket } from 'node:net';
import { KnownError } from './errors.js';
import { createFrameStream, pushChunk } from './wire/frames.js';

const mostMebibytes = 16;

/** Ends with a KnownError 54000 as soon as a longer message is announced, before its bytes are kept. */
export function boundedSocket(): Socket {
  const socket = new Socket();
  const frames = createFrameStream({
    wants(_type, bytes) {
      if (bytes > mostMebibytes * 1024 * 1024) socket.destroy(tooLong(bytes));
      return false;
    },
    see: () => undefined,
  });
  // Heard before the client library's own listener, which would gather the whole message.
  socket.on('data', (chunk) => pushChunk(frames, chunk));
  return socket;
}

function tooLong(bytes: number): KnownError {
  const mebibytes = Math.ceil(bytes / 1024 / 1024);
  return new KnownError({
    kind: 'programLimitExceeded',
    message: `a row of the result is too large to be kept here: ${mebibytes} MiB, at most ${mostMebibytes} MiB`,
    hint: 'Select less of it (left(…), fewer columns), or use another client.',
  });
}
