/** Model Studio's zoneless times: Beijing time (UTC+8, no daylight saving), with milliseconds. */

const beijingOffsetMs = 8 * 3600_000;

/** `2025-09-25 11:07:28.590` for milliseconds since 1970. */
export function beijingTime(epochMs: number): string {
  return new Date(epochMs + beijingOffsetMs).toISOString().replace('T', ' ').replace('Z', '');
}

/** Reads the task list's `YYYYMMDDhhmmss`; undefined when it is not a time of that form. */
export function parseBeijingTime(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const epochMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.000+08:00`);
  return Number.isNaN(epochMs) ? undefined : epochMs;
}
