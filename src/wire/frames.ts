/**
 * Walks a byte stream frame by frame without copying it: type byte, four bytes of length (which count themselves), body.
 *
 * Room: src/wire holds the bytes of PostgreSQL's protocol. No sockets, no logger, no imports from elsewhere.
 * @see https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-MESSAGE-CONCEPTS
 */

const headerBytes = 5;
/** A frame's length counts its own four bytes, so anything below is a broken stream. */
const leastLength = 4;

/** `Replacement`: what `see` gives; a watcher may take its time with a promise, and what follows the frame waits for it. */
export interface FrameWatcher<Replacement = Buffer | undefined> {
  /** Called once per frame. True: `see` is to get the whole frame; false: it is skipped by its length. */
  wants(type: number, bodyBytes: number): boolean;
  /**
   * Called with each whole wanted frame, header included. A returned buffer replaces it in the stream; undefined leaves it alone.
   */
  see(type: number, frame: Buffer): Replacement;
  /**
   * Asked of each chunk that begins a frame. True: it holds whole frames that stay as they are, and the watcher will take note of them all at once.
   * That is for what most chunks are: between two system calls the processor forgets much, so that many small calls, a few for each frame, cost
   * several times as much as one loop.
   */
  isRoutine?: ((chunk: Buffer) => boolean) | undefined;
  /** Takes note of such a chunk, which has been passed on: nothing else of either side has been looked at since. */
  noteRoutine?: ((chunk: Buffer) => void) | undefined;
}

export type Replacement = Buffer | undefined | Promise<Buffer | undefined>;

/** The state of a walk between two chunks: one object, for each that a small message touches costs it as much as what is done with it. */
export interface FrameStream {
  readonly watcher: FrameWatcher<Replacement>;
  /** How many bytes of the current unwanted frame are still to come. */
  toHop: number;
  /** Buffer for a frame whose header or wanted body is incomplete. It grows with the bytes received, not with the announced length. */
  held: Buffer;
  heldBytes: number;
  /** How many held bytes are needed before it is worth looking again. */
  heldNeeds: number;
  /** The watcher already wants the held frame; it must not be asked twice. */
  heldIsWanted: boolean;
  /**
   * Set while a watcher takes its time with a frame: nothing may be pushed before it resolves. It gives the buffers that were kept back, and is
   * set anew if another frame among them takes its time.
   */
  replacing: Promise<Buffer[]> | undefined;
  /** True once a frame had an impossible length. From then on bytes pass unseen; the receiver will refuse them. */
  broken: boolean;
}

/** Holds back only headers and wanted frames that are split between chunks, until they are complete; all other bytes pass at once. */
export function createFrameStream(watcher: FrameWatcher<Replacement>): FrameStream {
  return {
    watcher,
    toHop: 0,
    held: Buffer.alloc(0),
    heldBytes: 0,
    heldNeeds: 0,
    heldIsWanted: false,
    replacing: undefined,
    broken: false,
  };
}

/** True between two frames, where a message of our own may be inserted. */
export function isBetweenFrames({ broken, toHop, heldBytes }: FrameStream): boolean {
  return !broken && toHop === 0 && heldBytes === 0;
}

/** True for a chunk that can be passed on as it came; `noteRoutine` is to follow. */
export function isRoutineChunk({ broken, heldBytes, toHop, watcher }: FrameStream, chunk: Buffer): boolean {
  return heldBytes === 0 && toHop === 0 && !broken && watcher.isRoutine?.(chunk) === true;
}

/** Takes a chunk as it came from the socket; returns the buffers to pass on, in order. */
export function pushChunk(walk: FrameStream, chunk: Buffer): Buffer[] {
  if (walk.broken) return [chunk];
  if (walk.heldBytes === 0) return hop(walk, chunk);
  keep(walk, chunk);
  return walk.heldBytes < walk.heldNeeds ? [] : hop(walk, release(walk));
}

/** Copies the chunk, so that a client that sends single bytes does not make the gateway keep an object for each. */
function keep(walk: FrameStream, chunk: Buffer): void {
  const needed = walk.heldBytes + chunk.length;
  if (needed > walk.held.length) {
    const wider = Buffer.allocUnsafe(Math.max(needed, 2 * walk.held.length));
    walk.held.copy(wider, 0, 0, walk.heldBytes);
    walk.held = wider;
  }
  chunk.copy(walk.held, walk.heldBytes);
  walk.heldBytes = needed;
}

function release(walk: FrameStream): Buffer {
  const whole = walk.held.subarray(0, walk.heldBytes);
  walk.held = Buffer.alloc(0);
  walk.heldBytes = 0;
  return whole;
}

/** Goes from header to header; returns the parts of the chunk to pass on. */
function hop(walk: FrameStream, chunk: Buffer): Buffer[] {
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
      if (replacement instanceof Promise) {
        if (at > passedTo) out.push(chunk.subarray(passedTo, at));
        awaitReplacement(walk, replacement, chunk, at, end);
        return out;
      }
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

/** Keeps the rest of the chunk, from a frame at `at` whose replacement is being made. */
function awaitReplacement(
  walk: FrameStream,
  replacement: Promise<Buffer | undefined>,
  chunk: Buffer,
  at: number,
  end: number,
): void {
  walk.replacing = replacement.then((made) => {
    walk.replacing = undefined;
    return [made ?? chunk.subarray(at, end), ...hop(walk, chunk.subarray(end))];
  });
}

/** Holds back the rest of the chunk, a frame that starts at `at`; what comes before it is passed on. */
function hold(
  walk: FrameStream,
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
