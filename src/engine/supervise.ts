/** Starts the embedded engine again when it ends by itself (killed, out of memory): its address stays, sessions can come back. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { EmbeddedEngine } from './embedded.js';

export interface SupervisedEngine {
  address: EmbeddedEngine['address'];
  stop(): Promise<void>;
  /** How often it was started again. */
  restarts(): number;
  /** Resolves when the engine could not be started again. */
  died: Promise<unknown>;
}

const mostTries = 8;
/** Backends of a killed server hold its shared memory for some moments; a new one refuses to start beside them. */
const pauseMs = 500;
/** An engine that lasts longer than this starts with all its tries again. */
const steadyAfterMs = 60_000;

export async function superviseEngine(
  start: () => Promise<EmbeddedEngine>,
  log: Logger,
): Promise<SupervisedEngine> {
  let engine = await start();
  let stopping = false;
  let restarts = 0;
  let restarting: Promise<unknown> = Promise.resolve();
  const { address } = engine;

  async function watch(): Promise<void> {
    for (let tries = 0; ; ) {
      const startedAt = Date.now();
      const code = await engine.died;
      if (Date.now() - startedAt > steadyAfterMs) tries = 0;
      log.error({ code }, 'the engine ended by itself; it is started again');
      for (; ; tries++) {
        if (stopping) return new Promise(() => {});
        if (tries >= mostTries) return;
        if (tries > 0) await delay(pauseMs);
        const attempt = start();
        restarting = attempt.catch(() => {});
        try {
          engine = await attempt;
          restarts += 1;
          break;
        } catch (error) {
          log.error({ err: error }, 'the engine did not start again');
        }
      }
    }
  }

  const died = watch();
  return {
    address,
    died,
    restarts: () => restarts,
    async stop() {
      stopping = true;
      await restarting;
      await engine.stop();
    },
  };
}
