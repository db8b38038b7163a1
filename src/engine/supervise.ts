/** Restarts the embedded engine if it ends by itself (killed, out of memory). Its address stays the same, so sessions can come back. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { EmbeddedEngine } from './embedded.js';

export interface SupervisedEngine {
  address: EmbeddedEngine['address'];
  stop(): Promise<void>;
  /** How often it was restarted. */
  restarts(): number;
  /** Resolves if the engine could not be restarted. */
  died: Promise<unknown>;
}

const mostTries = 8;
/** The processes of a killed server hold its shared memory a little longer, and a new server refuses to start beside them. */
const pauseMs = 500;
/** After running this long, an engine has all its tries again. */
const steadyAfterMs = 60_000;

interface Supervision {
  start(): Promise<EmbeddedEngine>;
  log: Logger;
  /** The current engine, or the last one. */
  engine: EmbeddedEngine;
  restarts: number;
  /** The restart in progress: a stop must wait for it, to stop what it started. */
  starting: Promise<unknown>;
  stopping: boolean;
}

export async function superviseEngine(
  start: () => Promise<EmbeddedEngine>,
  log: Logger,
): Promise<SupervisedEngine> {
  const engine = await start();
  const supervision: Supervision = {
    start,
    log,
    engine,
    restarts: 0,
    starting: Promise.resolve(),
    stopping: false,
  };
  return {
    address: engine.address,
    died: watch(supervision),
    restarts: () => supervision.restarts,
    async stop() {
      supervision.stopping = true;
      await supervision.starting;
      await supervision.engine.stop();
    },
  };
}

/** Resolves when all tries have failed; never if the engine is stopped. */
async function watch(supervision: Supervision): Promise<void> {
  let tries = 0;
  for (;;) {
    const startedAt = Date.now();
    const code = await supervision.engine.died;
    if (Date.now() - startedAt > steadyAfterMs) tries = 0;
    supervision.log.error({ code }, 'the engine ended by itself; it is started again');
    for (; ; tries++) {
      if (supervision.stopping) return new Promise(() => {});
      if (tries >= mostTries) return;
      if (tries > 0) await delay(pauseMs);
      if (supervision.stopping) continue;
      if (await startAgain(supervision)) break;
    }
  }
}

async function startAgain(supervision: Supervision): Promise<boolean> {
  const attempt = supervision.start();
  supervision.starting = attempt.catch(() => {});
  try {
    supervision.engine = await attempt;
    supervision.restarts += 1;
    return true;
  } catch (error) {
    supervision.log.error({ err: error }, 'the engine did not start again');
    return false;
  }
}
