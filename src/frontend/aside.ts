/**
 * A question of the gateway's own in a client's session, between two of its messages: only there can be asked what the session's own transaction
 * has made. Its answers are not the client's.
 */
import { serialize } from 'pg-protocol';
import { backendType, typeTable } from '../wire/message-types.js';

/** The question that the engine answers at present. */
export interface Aside {
  hasRows: boolean;
  failed: boolean;
  /** Undefined: it has failed. */
  resolve(hasRows: boolean | undefined): void;
}

export interface AsideQuery {
  text: string;
  values: readonly string[];
}

export interface Asking {
  /** Writes to the engine. */
  send(message: Buffer): void;
  aside: Aside | undefined;
}

/** Not one that a client gives its own: the question leaves no statement behind, and lets the client's unnamed one be. */
const name = 'hologen aside';

/** Whether a query has rows. Only where the engine has answered all that it was sent, and its transaction has not failed. */
export function askAside(asking: Asking, { text, values }: AsideQuery): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    asking.aside = { hasRows: false, failed: false, resolve };
    asking.send(
      Buffer.concat([
        // One that failed has left it behind.
        serialize.close({ type: 'S', name }),
        serialize.parse({ name, text }),
        serialize.bind({ portal: name, statement: name, values: [...values] }),
        serialize.execute({ portal: name }),
        serialize.close({ type: 'P', name }),
        serialize.close({ type: 'S', name }),
        serialize.sync(),
      ]),
    );
  });
}

const dataRow = 0x44;
const { parseComplete, bindComplete, closeComplete, commandComplete, errorResponse, readyForQuery } =
  backendType;
const isAnswer = typeTable([
  ...[dataRow, parseComplete, bindComplete, closeComplete, commandComplete, errorResponse, readyForQuery],
]);

/** False: the message is the client's all the same, as a notification is. */
export function answersAside({ aside }: Asking, type: number): boolean {
  return aside !== undefined && isAnswer[type] === 1;
}

/** Takes note of a message that answers the question. */
export function hearAside(asking: Asking, type: number): void {
  const { aside } = asking;
  if (!aside) return;
  if (type === dataRow) aside.hasRows = true;
  if (type === errorResponse) aside.failed = true;
  if (type !== readyForQuery) return;
  asking.aside = undefined;
  aside.resolve(aside.failed ? undefined : aside.hasRows);
}
