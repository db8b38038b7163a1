/** What a client's text does with cursors: which it declares, and how far it reads in which. */
import type { Body } from './nodes.js';
import { parseStatements } from './parse.js';

/** `rows`: so many forward, infinite for all; undefined: nobody knows where the cursor is then. Without `rows` it is declared. */
export interface CursorStep {
  name: string;
  rows?: number | undefined;
  declares: boolean;
}

/** Statements that begin so, also behind the end of a comment, a line or a message's name. One that hides behind more space than this is not seen: its cursor is then taken to stand before it. */
export const cursorWords = /(?:^|;|[^ -~]|\*\/)\s{0,20}(?:fetch|move|declare)\b/i;

/** FETCH ALL asks for as many rows as there can be, of which the parser tells 32 bits. */
const allRows = 2 ** 31 - 1;

const declared = /^\s{0,20}declare\s{1,20}([a-z_][a-z_0-9$]{0,62}|"[^"]{1,63}")\s/i;

/** Undefined: it cannot be read, or not on the spot. Of other statements nothing is told; `isOnly`: there are none. */
export function cursorSteps(
  text: string,
  longest: number,
): { steps: CursorStep[]; isOnly: boolean } | undefined {
  if (text.length > longest) {
    const [, name] = declared.exec(text) ?? [];
    const end = text.indexOf(';');
    // Not by an expression, which would look at each space once for each of the others.
    const isAlone = end < 0 || text.slice(end + 1).trim() === '';
    return name === undefined || !isAlone
      ? undefined
      : { steps: [{ name: plain(name), declares: true }], isOnly: true };
  }
  const statements = parseStatements(text);
  if (!statements) return undefined;
  const steps = statements.flatMap(({ kind, node }) => stepOf(kind, node as Body) ?? []);
  return { steps, isOnly: statements.length === 1 };
}

function plain(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1) : name.toLowerCase();
}

function stepOf(kind: string, node: Body): CursorStep | undefined {
  const name = String(node.portalname ?? '');
  if (kind === 'DeclareCursorStmt') return { name, declares: true };
  if (kind !== 'FetchStmt') return undefined;
  return { name, rows: rowsForward(node), declares: false };
}

/** Of FETCH 0 and the like the row is read once more: it may be computed anew. */
export function rowsForward({ direction, howMany }: Body): number | undefined {
  const rows = Number(howMany ?? 0);
  if ((direction ?? 'FETCH_FORWARD') !== 'FETCH_FORWARD' || !(rows > 0)) return undefined;
  return rows >= allRows ? Number.POSITIVE_INFINITY : rows;
}
