/** Which roles SQL may name: the form of a role ARN and the gateway's allow-list. */

import { KnownError } from '../../errors.js';
import type { OssSettings } from './settings.js';

const roleArnPattern = /^acs:ram::[A-Za-z0-9]+:role\/[A-Za-z0-9._-]{1,64}$/;

function matchesPattern(roleArn: string, pattern: string): boolean {
  const literal = pattern.split('*').map((piece) => piece.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(roleArn);
}

function refusedRole(roleArn: string, hint: string): KnownError {
  return new KnownError({
    kind: 'insufficientPrivilege',
    message: `role_arn "${roleArn}" is not one of the roles this gateway may assume`,
    hint,
  });
}

/**
 * Accepts a role that is well formed and allowed. Without an allow-list every role is refused:
 * whoever can write SQL could otherwise borrow any role that trusts the gateway.
 * @throws KnownError 22023 for a malformed ARN, 42501 for a role that is not allowed
 */
export function checkRole(roleArn: string, settings: Pick<OssSettings, 'allowedRoles'>): void {
  if (!roleArnPattern.test(roleArn)) {
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: `role_arn is not the ARN of a RAM role: "${roleArn}"`,
      hint: 'Write acs:ram::<account id>:role/<role name>, as the RAM console shows it on the page of the role.',
    });
  }
  if (settings.allowedRoles.length === 0) {
    throw refusedRole(
      roleArn,
      'The gateway has no list of allowed roles. Set HOLOGEN_ALLOWED_ROLES to the ARNs that SQL may name; * stands for any characters.',
    );
  }
  if (settings.allowedRoles.some((pattern) => matchesPattern(roleArn, pattern))) return;
  throw refusedRole(roleArn, 'Ask the administrator to add it to HOLOGEN_ALLOWED_ROLES.');
}
