/** Ctrl-C and SIGTERM, heard from the first moment: an engine that is just starting must not be left behind. */
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

/** Serves until a signal comes or the engine does not start any more; gives the exit code. */
export async function untilStopped(gateway: Gateway, signals: StopSignals): Promise<number> {
  const lost = await Promise.race([signals.received.then(() => false), gateway.engineDied.then(() => true)]);
  if (lost)
    console.error('hologen: the engine does not start any more; engine.log in the data directory says why');
  await gateway.stop();
  return lost ? 1 : 0;
}
