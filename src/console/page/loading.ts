/** Hooks that fetch: once for given dependencies, or again and again while somebody looks. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Problem } from '../server/answers.js';
import { problemOf } from './ask.js';

export interface Loaded<T> {
  content: T | undefined;
  problem: Problem | undefined;
  reload(): void;
}

/** Asks when it is first shown and whenever `key` changes; what was there stays until the new answer. */
export function useLoaded<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ content?: T; problem?: Problem }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    ask(stop.signal).then(
      (content) => !stop.signal.aborted && setState({ content }),
      (error) => !stop.signal.aborted && setState((old) => ({ ...old, problem: problemOf(error) })),
    );
    return () => stop.abort();
  }, [key, turn]);
  const reload = useCallback(() => setTurn((old) => old + 1), []);
  return { content: state.content, problem: state.problem, reload };
}

/** For usePolled: not again. */
export const neverMs = 2 ** 31 - 1;

/** As useLoaded, and again each `everyMs`, but never while the tab is hidden. */
export function usePolled<T>(
  key: string,
  everyMs: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Loaded<T> {
  const loaded = useLoaded(key, ask);
  const answered = loaded.content ?? loaded.problem;
  useEffect(() => {
    const again = () => !document.hidden && loaded.reload();
    const timer = setTimeout(again, everyMs);
    document.addEventListener('visibilitychange', again);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', again);
    };
  }, [answered, loaded.reload, everyMs]);
  return loaded;
}
