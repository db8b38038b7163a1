import { expect, test } from 'vitest';
import { KnownError } from '../../../src/errors.js';
import { checkRole } from '../../../src/storage/oss/role-arn.js';

function refusal(roleArn: string, allowedRoles: string[]): KnownError {
  try {
    checkRole(roleArn, { allowedRoles });
  } catch (error) {
    if (error instanceof KnownError) return error;
  }
  throw new Error(`${roleArn} was accepted`);
}

test.each(['acs:ram::186xxx:role/xxx', 'acs:ram::1234567890123456:role/Media.writer-1'])(
  'the role %s is well formed',
  (roleArn) => {
    expect(() => checkRole(roleArn, { allowedRoles: ['*'] })).not.toThrow();
  },
);

test.each([
  '',
  '****role',
  'acs:ram::18****:role/x',
  'acs:ram::1:user/x',
  'acs:ram::1:role/',
  'acs:ram::1:role/a b',
])('the role %j is malformed and the hint shows the form', (roleArn) => {
  const error = refusal(roleArn, []);
  expect(error.sqlstate).toBe('22023');
  expect(error.message).toContain('role_arn');
  expect(error.message).toContain(`"${roleArn}"`);
  expect(error.hint).toContain('acs:ram::<account id>:role/<role name>');
});

test('a role on the list passes, also by a pattern', () => {
  const roleArn = 'acs:ram::1:role/media-writer';
  for (const pattern of [roleArn, 'acs:ram::1:role/media-*', 'acs:ram::1:role/*', '*']) {
    expect(() => checkRole(roleArn, { allowedRoles: [pattern] })).not.toThrow();
  }
});

test.each(['acs:ram::2:role/media-writer', 'acs:ram::1:role/other', 'acs:ram::1:role/media-writer2'])(
  'the role %s, not on the list, is refused',
  (roleArn) => {
    const error = refusal(roleArn, ['acs:ram::1:role/media-writer', 'acs:ram::1:role/medi.-writer']);
    expect(error.sqlstate).toBe('42501');
    expect(error.hint).toContain('HOLOGEN_ALLOWED_ROLES');
  },
);

test('without a list every role is refused', () => {
  const error = refusal('acs:ram::1:role/x', []);
  expect(error.sqlstate).toBe('42501');
  expect(error.hint).toContain('HOLOGEN_ALLOWED_ROLES');
});
