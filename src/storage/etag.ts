/** What a store says an object's content is. */

/** As people are told it: without the quotes of HTTP. */
export function withoutQuotes(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}
