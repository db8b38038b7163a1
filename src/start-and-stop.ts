/** Starts the parts of the gateway side by side, and stops them in the reverse order. */
import type { Logger } from 'pino';

/** As Promise.all, but a failure is told only when nothing is still starting: then everything can be stopped. */
export async function allStarted<T extends readonly unknown[]>(
  starts: readonly [...{ [K in keyof T]: T[K] | Promise<T[K]> }],
): Promise<T> {
  await Promise.allSettled(starts);
  return (await Promise.all(starts)) as unknown as T;
}

/** In the reverse order of starting; one failure must not keep the rest running. */
export async function stopAll(stopping: (() => Promise<void>)[], log: Logger): Promise<void> {
  for (const stop of stopping.splice(0).reverse()) {
    await stop().catch((error: unknown) => log.error({ err: error }, 'stopping failed'));
  }
}
