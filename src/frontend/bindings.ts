/**
 * What was prepared and bound of texts that were looked at, by the names that the client gave, as far as it is kept. Of what is not kept it is known that
 * it was there: an Execute of it is none of the others.
 */
import { frontendType, typeTable } from '../wire/message-types.js';
import type { SentMessage } from './awaited-answers.js';
import { type Bound, type Prepared, readBoundValues } from './bound-values.js';

export interface Bindings {
  readonly prepared: Map<string, Prepared>;
  /** Of these it is not known, or not any more, what they are. */
  readonly hidden: Set<string>;
  /** Undefined: its values are too long, or not to be read. */
  readonly portals: Map<string, Bound | undefined>;
  /** What was bound to the texts that declared the transaction's cursors; undefined: it is not known, or to which of several. */
  readonly declared: Map<string, Bound | undefined>;
  /** A Parse or a Bind was too long to be looked at: it may have any name. */
  unseen: boolean;
  /** Of the prepared texts with their types, and of what was bound. */
  preparedCharacters: number;
  boundBytes: number;
}

/** What a session may make the gateway keep; the engine keeps more. */
const mostCharacters = 8 * 1024 * 1024;

export function createBindings(): Bindings {
  const [prepared, portals, declared] = [new Map(), new Map(), new Map()];
  const hidden = new Set<string>();
  return { prepared, hidden, portals, declared, unseen: false, preparedCharacters: 0, boundBytes: 0 };
}

/** A Parse has the name; undefined: of a text that calls nothing, which ends the one that had it before. */
export function notePrepared(bindings: Bindings, name: string, statement: Prepared | undefined): void {
  const { prepared, hidden } = bindings;
  bindings.preparedCharacters -= sizeOf(prepared.get(name));
  prepared.delete(name);
  hidden.delete(name);
  if (!statement) return;
  prepared.set(name, statement);
  bindings.preparedCharacters += sizeOf(statement);
  for (const [oldest, known] of prepared) {
    if (bindings.preparedCharacters <= mostCharacters) break;
    bindings.preparedCharacters -= sizeOf(known);
    prepared.delete(oldest);
    hidden.add(oldest);
  }
}

/** A type takes as much as some characters. */
function sizeOf(statement: Prepared | undefined): number {
  return statement ? statement.text.length + 8 * statement.types.length : 0;
}

/** A message of a pipe failed, and the engine has left out what stands behind it up to a Sync: what has these names now is not known. */
export function hideFailed(bindings: Bindings, failed: SentMessage<unknown> | undefined): void {
  if (failed && !leavesOut[failed.type]) return;
  for (let at = failed; at && at.type !== frontendType.sync; at = at.next) {
    const { type, statementName, portalName, bound } = at;
    if (statementName !== undefined && type !== bind) hideStatement(bindings, statementName);
    if (portalName !== undefined && type !== execute) hidePortal(bindings, portalName);
    if (type === execute && bound && bindings.declared.has(bound.text))
      bindings.declared.set(bound.text, undefined);
  }
}

const { parse, bind, describe, execute, close } = frontendType;
const leavesOut = typeTable([parse, bind, describe, execute, close]);

function hideStatement(bindings: Bindings, name: string): void {
  notePrepared(bindings, name, undefined);
  bindings.hidden.add(name);
}

function hidePortal(bindings: Bindings, name: string): void {
  forgetPortal(bindings, name);
  bindings.portals.set(name, undefined);
}

/** After DEALLOCATE ALL or DISCARD ALL, behind which the client may have prepared others already, or a Parse that was too long to be looked at. */
export function hidePrepared(bindings: Bindings): void {
  const { prepared, hidden } = bindings;
  for (const name of prepared.keys()) hidden.add(name);
  prepared.clear();
  bindings.preparedCharacters = 0;
}

/** `frame`: a whole Bind. */
export function noteBound(bindings: Bindings, portal: string, statement: string, frame: Buffer): void {
  const { prepared, hidden, portals } = bindings;
  forgetPortal(bindings, portal);
  if (!prepared.has(statement) && !hidden.has(statement)) return;
  const known = prepared.get(statement);
  const isKept = known && bindings.boundBytes + frame.length <= mostCharacters;
  const values = isKept ? readBoundValues(frame) : undefined;
  const named = { isNamed: portal !== '', isKept: statement !== '', isOpened: false };
  const bytes = frame.length;
  portals.set(portal, known && values ? { ...known, values, bytes, executions: 0, ...named } : undefined);
  if (values) bindings.boundBytes += bytes;
}

/** A Close. */
export function forgetPortal(bindings: Bindings, name: string): void {
  bindings.boundBytes -= bindings.portals.get(name)?.bytes ?? 0;
  bindings.portals.delete(name);
}

/** What an Execute of the portal runs; 'hidden': something that calls, or may, and nobody knows with which values. */
export function boundTo({ portals, unseen }: Bindings, portal: string): Bound | 'hidden' | undefined {
  return unseen || (portals.has(portal) && !portals.get(portal)) ? 'hidden' : portals.get(portal);
}

/** At the end of a transaction, which closes its portals. */
export function forgetPortals(bindings: Bindings): void {
  bindings.portals.clear();
  bindings.declared.clear();
  Object.assign(bindings, { unseen: false, boundBytes: 0 });
}
