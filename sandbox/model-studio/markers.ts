/** Markers in a prompt that ask the sandbox to misbehave, so that any client can try what it does then. */
import { createHash } from 'node:crypto';
import { refusal } from './refusal.js';

export interface Markers {
  refuse: boolean;
  fail: boolean;
  failSilently: boolean;
  drop: boolean;
  /** Answers without a picture, as the service now and then does. */
  empty: boolean;
  throttle: number;
  slowMs: number | undefined;
}

/** Reads all `[[sandbox:…]]` markers of a prompt; unknown ones are plain text. */
export function readMarkers(prompt: string): Markers {
  const markers = new Map<string, number>();
  for (const [, name = '', value] of prompt.matchAll(/\[\[sandbox:([a-z-]+)(?:=(\d{1,9}))?\]\]/g)) {
    markers.set(name, Number(value ?? 0));
  }
  return {
    refuse: markers.has('refuse'),
    fail: markers.has('fail'),
    failSilently: markers.has('fail-silently'),
    drop: markers.has('drop'),
    empty: markers.has('empty'),
    throttle: markers.get('throttle') ?? 0,
    slowMs: markers.get('slow'),
  };
}

/** Counts the submits of one exact body, for `[[sandbox:throttle=N]]`. */
export function createMarkerThrottle(): (body: string, markers: Markers) => void {
  const seen = new Map<string, number>();
  return (body, { throttle }) => {
    if (throttle === 0) return;
    const key = createHash('sha256').update(body).digest('hex');
    const count = seen.get(key) ?? 0;
    if (count >= throttle) return;
    seen.set(key, count + 1);
    throw refusal.rateQuota('Requests rate limit exceeded, please try again later.');
  };
}
