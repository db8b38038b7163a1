/** The rewriter as a whole: a pure function from the client's statement text to the engine's. */
import { inUsersWords, rewriteCalls } from './calls.js';
import { refuseForeignSyntax } from './foreign-syntax.js';
import { editSettings, foreignShows } from './settings.js';
import { originalOffset, type Stretch, splice, unedited } from './spliced-text.js';
import { rewriteTableProperties } from './table-properties.js';

export interface RewrittenText {
  text: string;
  original: string;
  /** Where the parts of `text` stood in `original`. */
  stretches: Stretch[];
  /** The statements, counted from 0, whose tag is SHOW although the engine runs a SELECT. */
  shows: Set<number>;
}

/** Undefined: the text goes to the engine as it is. */
export function rewriteText(original: string): RewrittenText | undefined {
  const native = refuseForeignSyntax(rewriteTableProperties(original));
  const start = native === original ? unedited(original) : { text: native, stretches: [] };
  const { text, stretches } = rewriteCalls(splice(start, editSettings(native)));
  return text === original ? undefined : { text, original, stretches, shows: foreignShows(native) };
}

/** An error field about a rewritten text, told in terms of the text that the client sent. */
export function translateErrorField(rewritten: RewrittenText, code: string, value: string): string {
  if (code === 'M') return inUsersWords(value);
  if (code === 'P') return String(originalPosition(rewritten, Number(value)));
  return value;
}

/** PostgreSQL counts characters from 1; a character beyond the basic plane is two UTF-16 units to us. */
function originalPosition({ text, original, stretches }: RewrittenText, position: number): number {
  const offset = [...text].slice(0, position - 1).join('').length;
  return [...original.slice(0, originalOffset(stretches, offset))].length + 1;
}
