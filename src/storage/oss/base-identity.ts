/** The gateway's own identity, the one that assumes the roles named in SQL. */

import { createRequire } from 'node:module';
import { KnownError } from '../../errors.js';
import type { AccessKeys } from './settings.js';

/** What is used of @alicloud/credentials. */
interface Chain {
  getCredential(): Promise<{ accessKeyId?: string; accessKeySecret?: string; securityToken?: string }>;
}

// CommonJS, and loaded on first use, because the sandbox never needs it.
const load = createRequire(import.meta.url);

function createChain(): Chain {
  const { default: DefaultChain } = load('@alicloud/credentials') as { default: new () => Chain };
  return new DefaultChain();
}

/** The same keys for ever: for the sandbox and for tests, which must not look for credentials anywhere. */
export function fixedIdentity(keys: AccessKeys): () => Promise<AccessKeys> {
  return async () => keys;
}

function noIdentity(cause: unknown): KnownError {
  return new KnownError({
    kind: 'systemError',
    message: 'the gateway has no Alibaba Cloud identity of its own, so it cannot assume roles',
    detail: cause instanceof Error ? cause.message : String(cause),
    hint:
      'Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET of a RAM user, or run the gateway on a ' +
      'machine with a RAM role.',
    cause,
  });
}

/**
 * Alibaba's default chain: environment, OIDC, CLI profile, credentials file, machine role, credentials URI.
 * https://www.alibabacloud.com/help/en/sdk/developer-reference/v2-manage-node-js-access-credentials
 * The returned function rejects with a KnownError 58000 when the chain finds nothing, and looks again the next time.
 */
export function defaultIdentity(): () => Promise<AccessKeys> {
  let chain: Chain | undefined;
  let flight: Promise<AccessKeys> | undefined;

  async function read(): Promise<AccessKeys> {
    try {
      chain ??= createChain();
      const found = await chain.getCredential();
      if (!found.accessKeyId || !found.accessKeySecret) throw new Error('no access key found');
      return {
        accessKeyId: found.accessKeyId,
        accessKeySecret: found.accessKeySecret,
        securityToken: found.securityToken || undefined,
      };
    } catch (error) {
      // After a total failure the chain sticks to its last provider; only a new one looks at all of them again.
      chain = undefined;
      throw noIdentity(error);
    }
  }

  return () => {
    flight ??= read().finally(() => {
      flight = undefined;
    });
    return flight;
  };
}
