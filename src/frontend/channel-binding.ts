/**
 * SCRAM-SHA-256-PLUS binds a login to the certificate that the client sees, so that it cannot be relayed unnoticed. A gateway does relay:
 * unless it shows the engine's own certificate, logins are bound to the wrong one. If the gateway may read the engine's password verifiers, it
 * translates the binding from one certificate to the other; otherwise the engine refuses, and the client is told what to do.
 * @see https://www.postgresql.org/docs/current/sasl-authentication.html and RFC 5802
 */
import { createHmac } from 'node:crypto';
import type { ScramKeys } from '../engine/scram-keys.js';
import type { FrameWatcher, Replacement } from '../wire/frames.js';
import { backendType } from '../wire/message-types.js';
import { editFields } from '../wire/replies.js';

/** What is needed to translate a binding. */
export interface Rebinding {
  keys: ScramKeys;
  /** Hash of the certificate that the client was shown. */
  shown: Buffer;
  /** Hash of the engine's certificate. */
  engines: Buffer;
}

export interface Login {
  watchClient(watcher: FrameWatcher<Replacement>): FrameWatcher<Replacement>;
  watchEngine(watcher: FrameWatcher): FrameWatcher;
}

const passwordType = 0x70;
const authentication = { ok: 0, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;
const withBinding = 'SCRAM-SHA-256-PLUS\0';
const longestMessage = 4096;
/** End of the header (type byte, length), and of the authentication kind that follows it in the engine's messages. */
const headerBytes = 5;
const kindEnd = 9;
/** invalid_authorization_specification: PostgreSQL's error when the certificates differ. */
const bindingRefused = '28000';
const hint =
  "The engine binds logins to its own certificate, and this gateway shows another one. Connect with channel_binding=disable, or let hologen serve with the engine's certificate (--tls-cert, --tls-key).";

interface LoginState {
  readonly clientIsEncrypted: boolean;
  readonly exchange: ReturnType<typeof createExchange> | undefined;
  loggedIn: boolean;
  bindingOffered: boolean;
}

/** Watches both sides during the login; everything else goes to the given watchers. */
export function createLogin(clientIsEncrypted: boolean, rebinding?: Rebinding): Login {
  const exchange = rebinding && createExchange(rebinding);
  const login: LoginState = { clientIsEncrypted, exchange, loggedIn: false, bindingOffered: false };
  return {
    watchClient: (watcher) => (exchange ? watchProofs(login, exchange, watcher) : watcher),
    watchEngine: (watcher) => watchAuthentication(login, watcher),
  };
}

function watchProofs(
  login: LoginState,
  exchange: ReturnType<typeof createExchange>,
  watcher: FrameWatcher<Replacement>,
): FrameWatcher<Replacement> {
  return {
    wants: (type, bytes) =>
      (!login.loggedIn && type === passwordType && bytes <= longestMessage) || watcher.wants(type, bytes),
    see(type, frame) {
      if (type !== passwordType) return watcher.see(type, frame);
      const proof = exchange.respond(frame.toString('latin1', headerBytes));
      return proof === undefined ? undefined : withBody(frame, headerBytes, proof);
    },
  };
}

function watchAuthentication(login: LoginState, watcher: FrameWatcher): FrameWatcher {
  return {
    // Of a login nothing is passed whole.
    isRoutine: watcher.isRoutine,
    noteRoutine: watcher.noteRoutine,
    wants: (type, bytes) =>
      (!login.loggedIn && type === backendType.authentication && bytes <= longestMessage) ||
      watcher.wants(type, bytes),
    see(type, frame) {
      if (type === backendType.authentication) return seeAuthentication(login, frame);
      const replacement = watcher.see(type, frame);
      if (type !== backendType.errorResponse || login.loggedIn || !login.bindingOffered) return replacement;
      // If the gateway translates bindings, this means that somebody sits between it and the client: do not suggest going without.
      if (login.exchange) return replacement;
      return editFields(replacement ?? frame, (fields) => {
        if (fields.get('C') === bindingRefused && !fields.has('H')) fields.set('H', hint);
      });
    },
  };
}

function seeAuthentication(login: LoginState, frame: Buffer): Buffer | undefined {
  const { exchange } = login;
  const kind = frame.length < kindEnd ? undefined : frame.readUInt32BE(headerBytes);
  if (kind === authentication.ok) login.loggedIn = true;
  if (kind === authentication.saslContinue) exchange?.challenge(frame.toString('latin1', kindEnd));
  if (kind === authentication.saslFinal) {
    const answer = exchange?.answer(frame.toString('latin1', kindEnd));
    return answer === undefined ? undefined : withBody(frame, kindEnd, answer);
  }
  const at = kind === authentication.sasl ? frame.indexOf(withBinding, kindEnd, 'latin1') : -1;
  if (at < 0) return undefined;
  login.bindingOffered = true;
  if (login.clientIsEncrypted) return undefined;
  // libpq treats a binding that is offered on an unencrypted connection as an attack.
  const others = frame.toString('latin1', kindEnd).replace(withBinding, '');
  return withBody(frame, kindEnd, others);
}

/**
 * One SCRAM exchange, messages in Latin-1. Only the client's proof and the engine's answer to it change: both sign the whole exchange, which
 * includes the certificate's hash. Whether the proof is correct is still for the engine to decide.
 */
function createExchange({ keys, shown, engines }: Rebinding) {
  /** The client's first message: the part that is bound, and the part that is signed. */
  let first: { bound: string; signed: string } | undefined;
  let challenge = '';
  let answers: { engines: string; ours: string } | undefined;

  function respond(message: string): string | undefined {
    if (!first) {
      // Mechanism, length of four bytes, then "p=tls-server-end-point,,n=,r=…".
      const begin = message.startsWith(withBinding) ? withBinding.length + 4 : message.length;
      const [, bound, signed] = /^(p=tls-server-end-point,[^,]*,)(.*)$/s.exec(message.slice(begin)) ?? [];
      if (bound !== undefined && signed !== undefined) first = { bound, signed };
      return undefined;
    }
    const { bound, signed } = first;
    const binding = (hash: Buffer) =>
      `c=${Buffer.concat([Buffer.from(bound, 'latin1'), hash]).toString('base64')}`;
    const [, word = '', nonce, encoded = ''] = /^(c=[^,]*)(,r=.*),p=([^,]*)$/s.exec(message) ?? [];
    const proof = Buffer.from(encoded, 'base64');
    // Bound to a certificate that is not ours: somebody sits between the client and us. Let the engine refuse.
    if (word !== binding(shown) || proof.length !== keys.stored.length) return undefined;
    const ours = `${signed},${challenge},${word}${nonce}`;
    const toEngine = `${binding(engines)}${nonce}`;
    const theirs = `${signed},${challenge},${toEngine}`;
    const clientKey = xor(proof, sign(keys.stored, ours));
    answers = { engines: encode(sign(keys.server, theirs)), ours: encode(sign(keys.server, ours)) };
    return `${toEngine},p=${encode(xor(clientKey, sign(keys.stored, theirs)))}`;
  }

  return {
    respond,
    challenge(message: string): void {
      challenge = message;
    },
    answer: (message: string) =>
      answers && message === `v=${answers.engines}` ? `v=${answers.ours}` : undefined,
  };
}

function sign(key: Buffer, message: string): Buffer {
  return createHmac('sha256', key).update(message, 'latin1').digest();
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, at) => byte ^ (other[at] ?? 0)));
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64');
}

/** The frame with its text from an offset on replaced. */
function withBody(frame: Buffer, from: number, text: string): Buffer {
  const whole = Buffer.concat([frame.subarray(0, from), Buffer.from(text, 'latin1')]);
  whole.writeUInt32BE(whole.length - 1, 1);
  return whole;
}
