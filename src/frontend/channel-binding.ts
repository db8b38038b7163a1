/**
 * SCRAM-SHA-256-PLUS binds a login to the server's certificate, so that nobody can relay it; to the client this gateway is that somebody,
 * unless it shows the engine's own certificate. Nothing here weakens the binding: it is left out where the client has none, and explained
 * where it fails.
 * @see https://www.postgresql.org/docs/current/sasl-authentication.html
 */
import type { FrameWatcher } from '../wire/frames.js';
import { backendType } from '../wire/frames.js';
import { editFields } from '../wire/replies.js';

const authenticationType = 0x52;
const authenticationOk = 0;
const authenticationSasl = 10;
const withBinding = 'SCRAM-SHA-256-PLUS\0';
const longestOffer = 1024;
/** invalid_authorization_specification: what PostgreSQL says when the certificates differ, or a client thinks it knows no binding. */
const bindingRefused = '28000';
const hint =
  "The engine binds logins to its own certificate, and this gateway shows another one. Connect with channel_binding=disable, or let hologen serve with the engine's certificate (--tls-cert, --tls-key).";

/** Watches what the engine says during the login, and leaves the rest to `watcher`. */
export function watchLogin(watcher: FrameWatcher, clientIsEncrypted: boolean): FrameWatcher {
  let loggedIn = false;
  let bindingOffered = false;

  function authentication(frame: Buffer): Buffer | undefined {
    const kind = frame.length < 9 ? undefined : frame.readUInt32BE(5);
    loggedIn = kind === authenticationOk;
    const at = kind === authenticationSasl ? frame.indexOf(withBinding, 9, 'latin1') : -1;
    if (at < 0) return undefined;
    bindingOffered = true;
    // libpq takes it for an attack when it is offered on an unencrypted connection.
    return clientIsEncrypted ? undefined : without(frame, at, withBinding.length);
  }

  return {
    wants: (type, bytes) =>
      (!loggedIn && type === authenticationType && bytes <= longestOffer) || watcher.wants(type, bytes),
    see(type, frame) {
      if (type === authenticationType) return authentication(frame);
      const replacement = watcher.see(type, frame);
      if (type !== backendType.errorResponse || loggedIn || !bindingOffered) return replacement;
      return editFields(replacement ?? frame, (fields) => {
        if (fields.get('C') === bindingRefused && !fields.has('H')) fields.set('H', hint);
      });
    },
  };
}

function without(frame: Buffer, at: number, length: number): Buffer {
  const shorter = Buffer.concat([frame.subarray(0, at), frame.subarray(at + length)]);
  shorter.writeUInt32BE(shorter.length - 1, 1);
  return shorter;
}
