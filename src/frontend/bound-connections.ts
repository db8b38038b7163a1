/** Finds out whether a login can be bound to both connections of a session, and what it takes. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ScramKeys } from '../engine/scram-keys.js';
import { certificateHash } from './certificate-hash.js';
import { createLogin, type Login } from './channel-binding.js';

/** Between two encrypted connections with different certificates the login is carried over, if the keys of the role can be had. */
export async function loginBetween(
  client: Socket,
  engine: Socket,
  lookUpKeys: () => Promise<ScramKeys | undefined>,
): Promise<Login> {
  if (!(client instanceof TLSSocket)) return createLogin(false);
  if (!(engine instanceof TLSSocket)) return createLogin(true);
  const [shown, engines] = [client.getX509Certificate(), engine.getPeerX509Certificate()].map(
    (certificate) => certificate && certificateHash(certificate),
  );
  if (!shown || !engines || shown.equals(engines)) return createLogin(true);
  const keys = await lookUpKeys();
  return createLogin(true, keys && { keys, shown, engines });
}
