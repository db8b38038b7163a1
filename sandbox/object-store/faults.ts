/** Faults that tests order for the next requests: refusals, broken and silent connections, lost answers. */
import type { OtherRefusal } from './refusal.js';

/**
 * unavailable: 503; forbidden: 403 AccessDenied; token-expired: 403 SecurityTokenExpired; all three are sent
 * before the body is read, and so is a refusal of any other code. reset: the connection is torn down; stall: nothing more is read or sent;
 * lost-answer: the request is carried out, then the connection is torn down instead of answering.
 */
export type FaultAnswer =
  | 'unavailable'
  | 'forbidden'
  | 'token-expired'
  | 'reset'
  | 'stall'
  | 'lost-answer'
  | OtherRefusal;

export interface FaultSubject {
  method: string;
  bucket: string;
  key: string;
  query: ReadonlyMap<string, string>;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Name of the API operation, e.g. UploadPart. */
  operation: string;
}

export interface Fault {
  answer: FaultAnswer;
  /** How many matching requests; 1 when absent. */
  times?: number;
  /** Which requests; all when absent. */
  when?: (subject: FaultSubject) => boolean;
  /** For reset and stall: so many bytes of the upload's or download's body pass first; 0 when absent. */
  afterBytes?: number;
}

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  /** Faults ordered and not yet met. */
  remaining(): number;
  /** The fault for this request, counted as met. */
  take(subject: FaultSubject): Fault | undefined;
}

export function createFaults(): Faults {
  let orders: { fault: Fault; left: number }[] = [];
  return {
    add(fault) {
      orders.push({ fault, left: fault.times ?? 1 });
    },
    clear() {
      orders = [];
    },
    remaining() {
      return orders.reduce((sum, order) => sum + order.left, 0);
    },
    take(subject) {
      const order = orders.find(({ fault }) => fault.when?.(subject) ?? true);
      if (!order) return undefined;
      order.left -= 1;
      if (order.left === 0) orders = orders.filter((other) => other !== order);
      return order.fault;
    },
  };
}
