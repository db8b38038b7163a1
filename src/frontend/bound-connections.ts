/** Decides how channel binding works for a session, from the certificates on both of its connections. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ScramKeys } from '../engine/scram-keys.js';
import { certificateHash } from './certificate-hash.js';
import { createLogin, type Login } from './channel-binding.js';

/** If both connections are encrypted with different certificates, bindings are translated, provided the role's keys can be read. */
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
