/**
 * Walks a byte stream frame by frame without copying it: type byte, four bytes of length (which count themselves), body.
 * @see https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-MESSAGE-CONCEPTS
 */

const headerBytes = 5;
/** A frame's length counts its own four bytes, so anything below is a broken stream. */
const leastLength = 4;

export const frontendType = {
  query: 0x51,
  parse: 0x50,
  bind: 0x42,
  describe: 0x44,
  execute: 0x45,
  close: 0x43,
  sync: 0x53,
  functionCall: 0x46,
  copyDone: 0x63,
  copyFail: 0x66,
} as const;
export const backendType = {
  backendKeyData: 0x4b,
  readyForQuery: 0x5a,
  parseComplete: 0x31,
  bindComplete: 0x32,
  closeComplete: 0x33,
  rowDescription: 0x54,
  noData: 0x6e,
  portalSuspended: 0x73,
  emptyQueryResponse: 0x49,
  commandComplete: 0x43,
  copyInResponse: 0x47,
  copyBothResponse: 0x57,
  errorResponse: 0x45,
  noticeResponse: 0x4e,
} as const;

/** A set of type bytes, for a look at each frame of a stream: 1 at those in it. */
export function typeTable(types: Iterable<number>): Uint8Array {
  const table = new Uint8Array(256);
  for (const type of types) table[type] = 1;
  return table;
}

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

/** Only wanted frames that are cut between two chunks are held back, until they are whole; everything else passes as it comes. */
export function createFrameStream(watcher: FrameWatcher): FrameStream {
  /** Bytes of the current, unwanted frame that are still to come. */
  let toHop = 0;
  /** Room for a frame whose header or wanted body is not complete yet; it grows with what came, not with what was announced. */
  let held: Buffer = Buffer.alloc(0);
  let heldBytes = 0;
  /** How many bytes `held` must reach before it is worth looking again. */
  let heldNeeds = 0;
  /** The held frame is wanted: the watcher said so, and is asked once a frame. */
  let heldIsWanted = false;
  let broken = false;

  return {
    get broken() {
      return broken;
    },
    get betweenFrames() {
      return !broken && toHop === 0 && heldBytes === 0;
    },
    push(chunk) {
      if (broken) return [chunk];
      if (heldBytes > 0) {
        keep(chunk);
        if (heldBytes < heldNeeds) return [];
        chunk = held.subarray(0, heldBytes);
        held = Buffer.alloc(0);
        heldBytes = 0;
      }
      return walk(chunk);
    },
  };

  /** Copies: a client that sends single bytes must not make the gateway keep an object for each. */
  function keep(chunk: Buffer): void {
    const needed = heldBytes + chunk.length;
    if (needed > held.length) {
      const wider = Buffer.allocUnsafe(Math.max(needed, 2 * held.length));
      held.copy(wider, 0, 0, heldBytes);
      held = wider;
    }
    chunk.copy(held, heldBytes);
    heldBytes = needed;
  }

  function walk(chunk: Buffer): Buffer[] {
    const out: Buffer[] = [];
    let passedTo = 0;
    let at = Math.min(toHop, chunk.length);
    toHop -= at;
    while (at < chunk.length) {
      if (chunk.length - at < headerBytes) return hold(at, headerBytes);
      const type = chunk[at] as number;
      const length = chunk.readUInt32BE(at + 1);
      if (length < leastLength) {
        broken = true;
        break;
      }
      const end = at + 1 + length;
      const wanted = heldIsWanted || watcher.wants(type, length - leastLength);
      heldIsWanted = wanted && end > chunk.length;
      if (wanted) {
        if (heldIsWanted) return hold(at, end - at);
        const replacement = watcher.see(type, chunk.subarray(at, end));
        if (replacement) {
          if (at > passedTo) out.push(chunk.subarray(passedTo, at));
          out.push(replacement);
          passedTo = end;
        }
      } else if (end > chunk.length) {
        toHop = end - chunk.length;
      }
      at = end;
    }
    if (passedTo < chunk.length) out.push(passedTo === 0 ? chunk : chunk.subarray(passedTo));
    return out;

    function hold(from: number, needs: number): Buffer[] {
      if (from > passedTo) out.push(chunk.subarray(passedTo, from));
      keep(chunk.subarray(from));
      heldNeeds = needs;
      return out;
    }
  }
}
