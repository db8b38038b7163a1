/** A picture that stands in a request itself, as SQL and programs write bytes, becomes an address that a provider reads. */

/** What the first bytes of a picture are, in hexadecimal. */
const beginnings: [RegExp, string][] = [
  [/^89504e470d0a1a0a/, 'image/png'],
  [/^ffd8ff/, 'image/jpeg'],
  [/^424d/, 'image/bmp'],
  [/^52494646.{8}57454250/, 'image/webp'],
];

/** Bytes as PostgreSQL prints them (`\x89…`) or as base64, as a `data:` address; any other text as it is. */
export function pictureAddress(text: string): string {
  const bytes = text.startsWith('\\x')
    ? Buffer.from(text.slice(2), 'hex')
    : Buffer.from(text.slice(0, 64), 'base64');
  const start = bytes.subarray(0, 16).toString('hex');
  const type = beginnings.find(([beginning]) => beginning.test(start))?.[1];
  if (!type || text.includes('://')) return text;
  const base64 = text.startsWith('\\x') ? bytes.toString('base64') : text.replace(/\s/g, '');
  return `data:${type};base64,${base64}`;
}
