/**
 * Walks a byte stream frame by frame without copying it: type byte, four bytes of length (which count themselves), body.
 * @see https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-MESSAGE-CONCEPTS
 */

const headerBytes = 5;
/** A frame's length counts its own four bytes, so anything below is a broken stream. */
const leastLength = 4;

export interface FrameWatcher {
  /** True for frames whose body is to be seen; the others are only hopped over. Asked once a frame. */
  wants(type: number, bodyBytes: number): boolean;
  /**
   * Sees one whole wanted frame (header included). A returned buffer takes its place in the stream; undefined leaves it as it was.
   */
  see(type: number, frame: Buffer): Buffer | undefined;
}

export interface FrameStream {
  /** Takes a chunk as it came from the socket, gives the buffers to pass on, in order. */
  push(chunk: Buffer): Buffer[];
  /** True once the stream broke the framing; from then on bytes pass unseen, for the receiver to refuse. */
  readonly broken: boolean;
  /** True between two frames: something of our own may be said here. */
  readonly betweenFrames: boolean;
}

/** Where the walk stands between two chunks. */
interface Walk {
  readonly watcher: FrameWatcher;
  /** Bytes of the current, unwanted frame that are still to come. */
  toHop: number;
  /** Room for a frame whose header or wanted body is not complete yet; it grows with what came, not with what was announced. */
  held: Buffer;
  heldBytes: number;
  /** How many bytes `held` must reach before it is worth looking again. */
  heldNeeds: number;
  /** The held frame is wanted: the watcher said so, and is asked once a frame. */
  heldIsWanted: boolean;
  broken: boolean;
}

/** Only wanted frames that are cut between two chunks are held back, until they are whole; everything else passes as it comes. */
export function createFrameStream(watcher: FrameWatcher): FrameStream {
  const walk: Walk = {
    watcher,
    toHop: 0,
    held: Buffer.alloc(0),
    heldBytes: 0,
    heldNeeds: 0,
    heldIsWanted: false,
    broken: false,
  };
  return {
    get broken() {
      return walk.broken;
    },
    get betweenFrames() {
      return !walk.broken && walk.toHop === 0 && walk.heldBytes === 0;
    },
    push(chunk) {
      if (walk.broken) return [chunk];
      if (walk.heldBytes === 0) return hop(walk, chunk);
      keep(walk, chunk);
      return walk.heldBytes < walk.heldNeeds ? [] : hop(walk, release(walk));
    },
  };
}

/** Copies: a client that sends single bytes must not make the gateway keep an object for each. */
function keep(walk: Walk, chunk: Buffer): void {
  const needed = walk.heldBytes + chunk.length;
  if (needed > walk.held.length) {
    const wider = Buffer.allocUnsafe(Math.max(needed, 2 * walk.held.length));
    walk.held.copy(wider, 0, 0, walk.heldBytes);
    walk.held = wider;
  }
  chunk.copy(walk.held, walk.heldBytes);
  walk.heldBytes = needed;
}

function release(walk: Walk): Buffer {
  const whole = walk.held.subarray(0, walk.heldBytes);
  walk.held = Buffer.alloc(0);
  walk.heldBytes = 0;
  return whole;
}

/** From header to header; gives what of the chunk is passed on. */
function hop(walk: Walk, chunk: Buffer): Buffer[] {
  const out: Buffer[] = [];
  let passedTo = 0;
  let at = Math.min(walk.toHop, chunk.length);
  walk.toHop -= at;
  while (at < chunk.length) {
    if (chunk.length - at < headerBytes) return hold(walk, headerBytes, chunk, at, passedTo, out);
    const type = chunk[at] as number;
    const length = chunk.readUInt32BE(at + 1);
    if (length < leastLength) {
      walk.broken = true;
      break;
    }
    const end = at + 1 + length;
    const wanted = walk.heldIsWanted || walk.watcher.wants(type, length - leastLength);
    walk.heldIsWanted = wanted && end > chunk.length;
    if (walk.heldIsWanted) return hold(walk, end - at, chunk, at, passedTo, out);
    if (wanted) {
      const replacement = walk.watcher.see(type, chunk.subarray(at, end));
      if (replacement) {
        if (at > passedTo) out.push(chunk.subarray(passedTo, at));
        out.push(replacement);
        passedTo = end;
      }
    } else if (end > chunk.length) {
      walk.toHop = end - chunk.length;
    }
    at = end;
  }
  if (passedTo < chunk.length) out.push(passedTo === 0 ? chunk : chunk.subarray(passedTo));
  return out;
}

/** Holds the chunk's rest back, a frame that begins at `at`; what stands before it passes. */
function hold(
  walk: Walk,
  needs: number,
  chunk: Buffer,
  at: number,
  passedTo: number,
  out: Buffer[],
): Buffer[] {
  if (at > passedTo) out.push(chunk.subarray(passedTo, at));
  keep(walk, chunk.subarray(at));
  walk.heldNeeds = needs;
  return out;
}
