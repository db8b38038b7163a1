/** Whether an answer has reached its client: until then what was paid for it is nobody's, and what was only asked for is not sent. */
import type { ServerResponse } from 'node:http';

export interface HandOver {
  /** True: the answer has left this machine. False: the client was gone before, or was told an error. */
  readonly isDone: Promise<boolean>;
  /** Its client is told an error. */
  fail(): void;
}

export function handOverOf(response: ServerResponse): HandOver {
  let settle = (_done: boolean) => {};
  const isDone = new Promise<boolean>((resolve) => {
    settle = resolve;
  });
  response.once('finish', () => settle(true));
  response.once('close', () => settle(false));
  return { isDone, fail: () => settle(false) };
}
