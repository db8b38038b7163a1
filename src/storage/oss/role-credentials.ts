/** Temporary credentials of the roles that SQL names: fetched from STS, shared, renewed before they expire. */

import type { Dispatcher } from 'undici';
import { originOf } from '../../settings/cloud-places.js';
import { waitFor, withAttempts } from './attempts.js';
import { isPassing } from './error.js';
import { checkRole } from './role-arn.js';
import type { OssSettings } from './settings.js';
import { type AssumedRole, assumeRole, toAssumeRoleError } from './sts.js';

/** What the credentials are for: nothing else is granted to them. */
export interface RoleScope {
  roleArn: string;
  bucket: string;
  purpose: 'read' | 'write';
}

export interface RoleCredentials {
  /**
   * Credentials that live at least `minimumLifeSeconds` longer (as far as STS grants so long a life).
   * @throws KnownError 22023 or 42501 for the role, 08006 when STS cannot be reached
   */
  obtain(scope: RoleScope, minimumLifeSeconds: number, signal: AbortSignal): Promise<AssumedRole>;
  /** Forgets credentials that OSS refused; newer ones of the same scope stay. */
  discard(scope: RoleScope, refused: AssumedRole): void;
}

/** Every role allows sessions of one hour; longer ones are a setting of the role that cannot be read from here. */
export const longestLifeSeconds = 3600;

/** Whoever asks for the longest life is served from the cache by credentials up to this much younger. */
const lifeToleranceSeconds = 60;
const sessionName = 'hologen';
const maximumEntries = 1000;

const grantedActions: Record<RoleScope['purpose'], string[]> = {
  read: ['oss:GetObject'],
  // GetObject: a saved object is read back by its head.
  write: ['oss:PutObject', 'oss:GetObject', 'oss:AbortMultipartUpload', 'oss:ListParts'],
};

/**
 * What the session may do at most; the role's own policy is intersected with it. Listing lets OSS answer 404 instead
 * of 403 for a missing object, and the two key actions keep buckets usable that are encrypted with KMS.
 */
function sessionPolicy(scope: RoleScope): string {
  const bucket = `acs:oss:*:*:${scope.bucket}`;
  const allow = (actions: string[], resource: string) => ({
    Effect: 'Allow',
    Action: actions,
    Resource: [resource],
  });
  return JSON.stringify({
    Version: '1',
    Statement: [
      allow(grantedActions[scope.purpose], `${bucket}/*`),
      allow(['oss:ListObjects'], bucket),
      allow(['kms:Decrypt', 'kms:GenerateDataKey'], '*'),
    ],
  });
}

interface Entry {
  current: AssumedRole | undefined;
  refreshAtMs: number;
  /** The one request on its way that all who wait share. */
  flight: Promise<AssumedRole> | undefined;
}

function refreshMoment(credentials: AssumedRole, fetchedAtMs: number): number {
  const expiresAtMs = credentials.expiresAt.getTime();
  return expiresAtMs - Math.min(300_000, 0.2 * (expiresAtMs - fetchedAtMs));
}

function livesLongEnough(credentials: AssumedRole, seconds: number): boolean {
  const needed = Math.min(seconds, longestLifeSeconds - lifeToleranceSeconds);
  return credentials.expiresAt.getTime() - Date.now() >= needed * 1000;
}

/** The least used of too many entries are forgotten. */
function createEntries(externalId: string | undefined) {
  const entries = new Map<string, Entry>();
  const keyOf = ({ roleArn, bucket, purpose }: RoleScope) =>
    JSON.stringify([roleArn, bucket, purpose, sessionName, externalId ?? '']);
  return {
    find: (scope: RoleScope) => entries.get(keyOf(scope)),
    take(scope: RoleScope): Entry {
      const key = keyOf(scope);
      const entry = entries.get(key) ?? { current: undefined, refreshAtMs: 0, flight: undefined };
      // Map keeps insertion order: putting a used entry back at the end makes the first one the least used.
      entries.delete(key);
      entries.set(key, entry);
      const oldest = entries.keys().next();
      if (entries.size > maximumEntries && !oldest.done) entries.delete(oldest.value);
      return entry;
    },
  };
}

/** Not tied to one caller's signal: others may be waiting for the same answer. */
async function fetchRole(
  scope: RoleScope,
  endpoint: string,
  settings: OssSettings,
  dispatcher: Dispatcher,
): Promise<AssumedRole> {
  const { connectMs, responseMs } = settings.timeouts;
  const signal = AbortSignal.timeout(4 * (connectMs + responseMs));
  const attempt = async () =>
    assumeRole({
      endpoint,
      identity: await settings.baseIdentity(),
      roleArn: scope.roleArn,
      sessionName,
      policy: sessionPolicy(scope),
      durationSeconds: longestLifeSeconds,
      externalId: settings.externalId,
      dispatcher,
      responseTimeoutMs: responseMs,
      signal,
    });
  try {
    return await withAttempts(attempt, isPassing, signal);
  } catch (error) {
    throw toAssumeRoleError(error, scope.roleArn);
  }
}

/**
 * A cache of assumed roles, keyed by role, bucket, purpose and external id.
 * @param settings roles, base identity, STS endpoint and time limits
 */
export function createRoleCredentials(settings: OssSettings, dispatcher: Dispatcher): RoleCredentials {
  const { stsEndpointOverride = 'https://sts.aliyuncs.com', externalId } = settings;
  const endpoint = originOf(stsEndpointOverride, 'HOLOGEN_STS_ENDPOINT');
  const entries = createEntries(externalId);

  function refresh(scope: RoleScope, entry: Entry): Promise<AssumedRole> {
    entry.flight ??= fetchRole(scope, endpoint, settings, dispatcher)
      .then((credentials) => {
        entry.current = credentials;
        entry.refreshAtMs = refreshMoment(credentials, Date.now());
        return credentials;
      })
      .finally(() => {
        entry.flight = undefined;
      });
    return entry.flight;
  }

  return {
    async obtain(scope, minimumLifeSeconds, signal) {
      checkRole(scope.roleArn, settings);
      const entry = entries.take(scope);
      const { current } = entry;
      if (current && Date.now() < entry.refreshAtMs && livesLongEnough(current, minimumLifeSeconds))
        return current;
      return waitFor(refresh(scope, entry), signal);
    },

    discard(scope, refused) {
      const entry = entries.find(scope);
      if (entry?.current === refused) entry.current = undefined;
    },
  };
}
