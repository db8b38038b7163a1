/**
 * Browsers that have signed in as a role before. They carry a proof of it, so that the failures of strangers, who may share the address with
 * them, do not keep them out. It opens nothing by itself: the password is asked for all the same.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { sameToken } from './same-token.js';

export interface KnownBrowsers {
  /** What a browser keeps after it has signed in as the role. */
  proofFor(role: string): string;
  /** Which browser it is; undefined: none that has signed in as this role. */
  browserOf(proof: string | undefined, role: string): string | undefined;
}

/** `secret`: the same after a restart, or everybody would be a stranger then. */
export function createKnownBrowsers(secret: string): KnownBrowsers {
  const sign = (id: string, role: string) =>
    createHmac('sha256', secret).update(`${id}.${role}`).digest('base64url');
  return {
    proofFor(role) {
      const id = randomBytes(16).toString('base64url');
      return `${id}.${sign(id, role)}`;
    },
    browserOf(proof, role) {
      const [id = '', signature] = proof?.split('.') ?? [];
      return sameToken(signature, sign(id, role)) ? id : undefined;
    },
  };
}
