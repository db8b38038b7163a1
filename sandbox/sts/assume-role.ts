/** AssumeRole: which roles may be assumed, for how long, with which policy. */
import { createHash } from 'node:crypto';
import type { CredentialRegistry, TemporaryCredential } from '../credentials.js';
import { parseSessionPolicy } from '../object-store/policy.js';
import { type Parameters, StsRefusal } from './refusal.js';

const shortestSessionSeconds = 900;

export interface RoleRules {
  unknownRoles: string[];
  forbiddenRoles: string[];
  maxSessionSeconds: number;
}

export function assumeRole(
  parameters: Parameters,
  rules: RoleRules,
  credentials: CredentialRegistry,
): TemporaryCredential {
  const roleArn = parameters.get('RoleArn') ?? '';
  const sessionName = parameters.get('RoleSessionName') ?? '';
  if (roleArn === '') throw new StsRefusal(400, 'MissingRoleArn', 'RoleArn is mandatory for this action.');
  if (sessionName === '') {
    throw new StsRefusal(400, 'MissingRoleSessionName', 'RoleSessionName is mandatory for this action.');
  }
  // Accounts and names of documentation placeholders (186xxx, xxx) are as good as real ones here.
  if (!/^acs:ram::[A-Za-z0-9*_.@-]+:role\/[A-Za-z0-9*_.@-]+$/.test(roleArn)) throw wronglyFormed('RoleArn');
  if (!/^[A-Za-z0-9.@_-]{2,64}$/.test(sessionName)) throw wronglyFormed('RoleSessionName');
  const durationSeconds = readDuration(parameters.get('DurationSeconds'), rules.maxSessionSeconds);
  const externalId = parameters.get('ExternalId');
  if (externalId !== undefined && !/^[\w+=,.@:/-]{2,1224}$/.test(externalId))
    throw wronglyFormed('ExternalId');
  const policy = readPolicy(parameters.get('Policy'));
  if (rules.unknownRoles.includes(roleArn)) {
    throw new StsRefusal(404, 'EntityNotExist.Role', 'The specified Role not exists.');
  }
  if (rules.forbiddenRoles.includes(roleArn)) {
    const message = 'You are not authorized to do this action. You should be authorized by RAM.';
    throw new StsRefusal(403, 'NoPermission', message);
  }
  return credentials.issue({ roleArn, sessionName, policy }, durationSeconds);
}

function readDuration(text: string | undefined, maxSeconds: number): number {
  if (text === undefined || text === '') return Math.min(3600, maxSeconds);
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= shortestSessionSeconds && seconds <= maxSeconds) return seconds;
  const message = `The Min/Max value of DurationSeconds is 15min/${maxSeconds / 3600}hr.`;
  throw new StsRefusal(400, 'InvalidParameter.DurationSeconds', message);
}

function readPolicy(text: string | undefined) {
  if (text === undefined || text === '') return undefined;
  if (text.length > 2048) {
    throw new StsRefusal(
      400,
      'InvalidParameter.PolicySize',
      'The size of Policy must be 1 to 2048 characters.',
    );
  }
  const policy = parseSessionPolicy(text);
  if (typeof policy !== 'string') return policy;
  const message = `The parameter Policy has not passed grammar check: ${policy}.`;
  throw new StsRefusal(400, 'InvalidParameter.PolicyGrammar', message);
}

function wronglyFormed(name: string): StsRefusal {
  return new StsRefusal(400, `InvalidParameter.${name}`, `The parameter ${name} is wrongly formed.`);
}

export function assumeRoleResult(credential: TemporaryCredential, requestId: string) {
  const { roleArn, sessionName } = credential;
  return {
    RequestId: requestId,
    AssumedRoleUser: {
      Arn: `${roleArn}/${sessionName}`,
      AssumedRoleId: `${roleId(roleArn)}:${sessionName}`,
    },
    Credentials: {
      AccessKeyId: credential.accessKeyId,
      AccessKeySecret: credential.accessKeySecret,
      SecurityToken: credential.securityToken,
      Expiration: new Date(credential.expiresAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    },
  };
}

/** 18 digits that stay the same for a role. */
function roleId(roleArn: string): string {
  const number = createHash('sha256').update(roleArn).digest().readBigUInt64BE();
  return (300_000_000_000_000_000n + (number % 100_000_000_000_000_000n)).toString();
}
