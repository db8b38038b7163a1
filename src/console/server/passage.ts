/** A request on its way through the console: Node's own pair is there for what streams, the session once it is known. */
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { ConsoleSession } from './sessions.js';

export interface Passage {
  Bindings: HttpBindings;
  Variables: { session: ConsoleSession };
}

export type ConsoleContext = Context<Passage>;
