/** Ctrl-C and SIGTERM, heard from the first moment: an engine that is just starting must not be left behind. */
import type { Logger } from 'pino';
import type { Gateway } from '../main.js';

export interface StopSignals {
  /** Resolves at the first signal. */
  received: Promise<void>;
  /** True once there was one. */
  readonly heard: boolean;
}

/** From now on the first signal is for the command to obey; the second ends the process at once. */
export function hearStopSignals(): StopSignals {
  let heard = false;
  const received = new Promise<void>((resolve) => {
    const hear = () => {
      if (heard) process.exit(1);
      heard = true;
      resolve();
    };
    process.on('SIGTERM', hear);
    process.on('SIGINT', hear);
  });
  return {
    received,
    get heard() {
      return heard;
    },
  };
}

const lastStopMs = 20_000;

/** A mistake of ours that nothing caught: it is logged, and the engine is stopped with the gateway, so that nothing is left behind. */
export function stopAtMistakes(gateway: Gateway, log: Logger): void {
  process.once('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an unexpected error; the gateway stops');
    setTimeout(() => process.exit(1), lastStopMs).unref();
    gateway
      .stop()
      .catch(() => {})
      .finally(() => process.exit(1));
  });
}

/** Serves until a signal comes or the engine does not start any more; gives the exit code. */
export async function untilStopped(gateway: Gateway, signals: StopSignals): Promise<number> {
  const lost = await Promise.race([signals.received.then(() => false), gateway.engineDied.then(() => true)]);
  if (lost)
    console.error('hologen: the engine does not start any more; engine.log in the data directory says why');
  await gateway.stop();
  return lost ? 1 : 0;
}
