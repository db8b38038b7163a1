/** What each address of the OpenAI form is given: the request, and how it is worked on as the role of its key. */
import type { Json } from '../../fields.js';
import type { AsRole } from './as-role.js';

export interface Asked {
  /** Of a POST; of a multipart form, nested fields are objects. */
  body: Json;
  /** The last part of a path that names one thing. */
  id: string;
  runAs<Result>(work: (role: AsRole) => Promise<Result>): Promise<Result>;
  /** The bytes at an address of the provider's. */
  download(address: string): Promise<Buffer>;
}
