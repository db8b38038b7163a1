/** The access keys that the sandbox's object store and STS both know: fixed ones and issued temporary ones. */
import { randomBytes } from 'node:crypto';
import type { SessionPolicy } from './object-store/policy.js';

export interface AccessKey {
  accessKeyId: string;
  accessKeySecret: string;
}

export interface AssumedRole {
  roleArn: string;
  sessionName: string;
  /** Narrows what the role may do; absent: all the role may do. */
  policy?: SessionPolicy;
}

export interface TemporaryCredential extends AccessKey, AssumedRole {
  securityToken: string;
  expiresAtMs: number;
}

/** Why a pair of access key and security token is refused. */
export type CredentialProblem = 'unknown-key' | 'token-missing' | 'token-mismatch' | 'token-expired';

export type CredentialLookup =
  | { problem: CredentialProblem }
  | { problem?: undefined; key: AccessKey; assumedRole?: AssumedRole };

export interface CredentialRegistry {
  /** Adds a fixed key: it stands for a RAM user who may do everything and assume roles. */
  addAccessKey(key: AccessKey): void;
  /** Issues a temporary key, secret and token for a role. */
  issue(role: AssumedRole, durationSeconds: number): TemporaryCredential;
  /** Ends a temporary key's life now, or all of them. */
  expire(accessKeyId?: string): void;
  /** Pairs an access key with the security token that came with it, if any. */
  find(accessKeyId: string, securityToken: string | undefined): CredentialLookup;
}

/** Expired keys are remembered this long, so that they are called expired and not unknown. */
const rememberedMs = 24 * 3600_000;

/** An empty registry; `accessKeys` are fixed from the start. Temporary keys do not outlive the process. */
export function createCredentialRegistry(accessKeys: AccessKey[] = []): CredentialRegistry {
  const fixed = new Map(accessKeys.map((key) => [key.accessKeyId, key]));
  const temporary = new Map<string, TemporaryCredential>();

  function forgetLongExpired(nowMs: number): void {
    for (const [id, credential] of temporary) {
      if (credential.expiresAtMs + rememberedMs < nowMs) temporary.delete(id);
    }
  }

  return {
    addAccessKey(key) {
      fixed.set(key.accessKeyId, key);
    },
    issue(role, durationSeconds) {
      const nowMs = Date.now();
      forgetLongExpired(nowMs);
      const credential: TemporaryCredential = {
        ...role,
        accessKeyId: `STS.N${randomText(23)}`,
        accessKeySecret: randomText(44),
        securityToken: `CAIS${randomBytes(240).toString('base64')}`,
        expiresAtMs: nowMs + durationSeconds * 1000,
      };
      temporary.set(credential.accessKeyId, credential);
      return credential;
    },
    expire(accessKeyId) {
      for (const credential of temporary.values()) {
        if (accessKeyId === undefined || credential.accessKeyId === accessKeyId) credential.expiresAtMs = 0;
      }
    },
    find(accessKeyId, securityToken) {
      const key = fixed.get(accessKeyId);
      if (key) return securityToken === undefined ? { key } : { problem: 'token-mismatch' };
      const credential = temporary.get(accessKeyId);
      if (!credential) return { problem: 'unknown-key' };
      if (securityToken === undefined) return { problem: 'token-missing' };
      if (securityToken !== credential.securityToken) return { problem: 'token-mismatch' };
      if (credential.expiresAtMs <= Date.now()) return { problem: 'token-expired' };
      return { key: credential, assumedRole: credential };
    },
  };
}

function randomText(length: number): string {
  return randomBytes(length).toString('base64').replace(/[+/=]/g, 'x').slice(0, length);
}
