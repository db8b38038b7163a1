/** Faults that a test arms at run time: what the network and the service do wrong now and then. */

export type FaultAction =
  /** Answered at once with an error; nothing is taken. */
  | {
      kind: 'answer';
      status: number;
      code: string;
      message?: string;
      headers?: Readonly<Record<string, string>>;
    }
  /** The connection is reset before the request is looked at. */
  | { kind: 'reset' }
  /** The request is taken, then the connection is reset instead of the answer. */
  | { kind: 'reset-after' }
  /** The request is looked at only after this time. */
  | { kind: 'stall'; ms: number }
  /** A result download breaks off after so many bytes. */
  | { kind: 'truncate'; bytes: number }
  /** A bit of a result flips on its way. */
  | { kind: 'flip' };

export interface Fault {
  action: FaultAction;
  /** HTTP method; any when left out. */
  method?: string;
  /** Part of the path or a pattern for it; any when left out. */
  path?: string | RegExp;
  /** How many requests it hits; one when left out. */
  times?: number;
}

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
}

export interface ArmedFaults extends Faults {
  take(method: string, path: string): FaultAction | undefined;
}

/** Faults are tried in the order they were added; each is gone after its `times`. */
export function createFaults(): ArmedFaults {
  let armed: (Fault & { left: number })[] = [];
  const pathFits = (wanted: string | RegExp | undefined, path: string) =>
    wanted === undefined || (typeof wanted === 'string' ? path.includes(wanted) : wanted.test(path));
  return {
    add: (fault) => armed.push({ ...fault, left: fault.times ?? 1 }),
    clear: () => {
      armed = [];
    },
    take(method, path) {
      const hit = armed.find((fault) => (fault.method ?? method) === method && pathFits(fault.path, path));
      if (!hit) return undefined;
      hit.left -= 1;
      armed = armed.filter((fault) => fault.left > 0);
      return hit.action;
    },
  };
}
