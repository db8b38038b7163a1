/** Engine processes whose clients have left: what such a process still comes to is asked for by nobody, and nobody reads what it gives. */

export interface LeftClients {
  /** Said again for as long as the engine's connection of a client that has closed its sending side is open. */
  left(engineProcessId: number): void;
  /** The process (or another one of its number) has a client. */
  came(engineProcessId: number): void;
  has(engineProcessId: number): boolean;
}

/** An engine process notices late that its client has left. After so long its number may be another's, which has come past this gateway. */
const keptMs = 15 * 60 * 1000;

export function createLeftClients(now: () => number = Date.now): LeftClients {
  /** Oldest first. */
  const leftAt = new Map<number, number>();
  return {
    left(engineProcessId) {
      leftAt.delete(engineProcessId);
      leftAt.set(engineProcessId, now());
      for (const [id, at] of leftAt) {
        if (at > now() - keptMs) break;
        leftAt.delete(id);
      }
    },
    came: (engineProcessId) => void leftAt.delete(engineProcessId),
    has: (engineProcessId) => (leftAt.get(engineProcessId) ?? Number.NEGATIVE_INFINITY) > now() - keptMs,
  };
}
