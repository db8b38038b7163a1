/** Requests to OSS in the name of a role: endpoint and role checked, tried again, credentials renewed. */

import type OSS from 'ali-oss';
import type { Dispatcher } from 'undici';
import { withAttempts } from './attempts.js';
import { type OssConnection, sendToOss } from './client.js';
import { resolveEndpoint } from './endpoint.js';
import { isPassing, isStaleCredential } from './error.js';
import type { OssRight } from './right.js';
import { createRoleCredentials, type RoleScope } from './role-credentials.js';
import type { OssSettings } from './settings.js';

export interface RoleRequests {
  /**
   * Endpoint and credentials for one request; checks both before anything is sent.
   * @throws KnownError 22023 for the endpoint, and what RoleCredentials.obtain throws
   */
  connect(
    scope: RoleScope,
    right: OssRight,
    lifeSeconds: number,
    signal: AbortSignal,
  ): Promise<OssConnection>;
  /**
   * One request, once; refused credentials are forgotten, so that the next request has new ones.
   * @throws what `send` throws
   */
  sendOnce<T>(
    scope: RoleScope,
    right: OssRight,
    request: (client: OSS) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  /**
   * One request: up to three tries when a failure may pass, once more with new credentials when they are refused.
   * @throws ServiceRefusal or ConnectionLoss of the last try, KnownError from `connect` or when aborted
   */
  send<T>(
    scope: RoleScope,
    right: OssRight,
    request: (client: OSS) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
}

/** Requests share the credentials of their roles and the connections of the dispatcher. */
export function createRoleRequests(settings: OssSettings, dispatcher: Dispatcher): RoleRequests {
  const roles = createRoleCredentials(settings, dispatcher);
  const { timeouts } = settings;

  const connect: RoleRequests['connect'] = async (scope, right, lifeSeconds, signal) => {
    const endpoint = resolveEndpoint(right.endpoint, 'oss_endpoint', settings);
    const credentials = await roles.obtain(scope, lifeSeconds, signal);
    return { endpoint, bucket: scope.bucket, credentials, dispatcher, timeouts, signal };
  };

  const sendOnce: RoleRequests['sendOnce'] = async (scope, right, request, signal) => {
    const connection = await connect(scope, right, 0, signal);
    try {
      return await sendToOss(connection, request);
    } catch (error) {
      if (isStaleCredential(error)) roles.discard(scope, connection.credentials);
      throw error;
    }
  };

  const send: RoleRequests['send'] = (scope, right, request, signal) => {
    let renewed = false;
    async function attempt(): ReturnType<typeof request> {
      try {
        return await sendOnce(scope, right, request, signal);
      } catch (error) {
        if (renewed || !isStaleCredential(error)) throw error;
        renewed = true;
        return attempt();
      }
    }
    return withAttempts(attempt, isPassing, signal);
  };

  return { connect, sendOnce, send };
}
