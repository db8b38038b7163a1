/** An API key is a role of the engine and its password: `hg-` and base64url of `role:password`, as hologen.make_key gives it. */
import { Refusal } from './refusal.js';

export interface Account {
  user: string;
  password: string;
}

/** Of an Authorization header; what is no key of this form is refused before anybody is asked. */
export function readKey(header: string | undefined): Account {
  const [, encoded = ''] = /^Bearer\s+hg-([\w-]+)$/i.exec(header ?? '') ?? [];
  const text = Buffer.from(encoded, 'base64url').toString('utf8');
  const colon = text.lastIndexOf(':');
  if (colon < 1 || text.includes('\0'))
    throw new Refusal(401, {
      message:
        'no API key of this gateway: send Authorization: Bearer hg-…, as SELECT hologen.make_key(…) gives it',
      code: 'invalid_api_key',
    });
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
