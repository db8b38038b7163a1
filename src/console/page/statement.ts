/** The statement of *Try*: kept while the visitor looks at other pages, and written by other pages, too. */
import { signal } from '@preact/signals';
import { examples } from './examples.js';

export const statement = signal<string>(examples[0]?.sql ?? '');

/** Set by a page that wants it priced as soon as *Try* is open. */
export const toBeEstimated = signal(false);

/** Shows it in *Try*; with 'estimate' the price at once. Nothing is run. */
export function openInTry(sql: string, then?: 'estimate'): void {
  statement.value = sql;
  toBeEstimated.value = then === 'estimate';
  location.hash = '#/try';
}
