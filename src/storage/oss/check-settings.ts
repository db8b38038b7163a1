/** For `hologen check`: whether the settings for OSS can work at all, before anybody is asked. */

import { KnownError } from '../../errors.js';
import { resolveEndpoint } from './endpoint.js';
import type { OssSettings } from './settings.js';

/** What the ARN of some role can match. */
const rolePattern = /^(\*|acs:ram::[A-Za-z0-9]*(\*|:role\/[A-Za-z0-9._*-]+$))/;

/**
 * A text is worth knowing, though it works.
 * @throws KnownError that names HOLOGEN_ALLOWED_ROLES or HOLOGEN_OSS_DOMAINS and says how to mend it
 */
export function checkOssSettings({ allowedRoles, customDomains }: OssSettings): string | undefined {
  const strange = allowedRoles.find((role) => !rolePattern.test(role));
  if (strange)
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: `HOLOGEN_ALLOWED_ROLES holds "${strange}"`,
      hint: 'Write acs:ram::<account id>:role/<role name>, with * for any run of characters, and commas in between.',
    });
  for (const domain of customDomains) {
    const customDomain = { customDomains: [domain], ossEndpointOverride: undefined };
    resolveEndpoint(domain.split('=')[0] ?? '', 'HOLOGEN_OSS_DOMAINS', customDomain);
  }
  return allowedRoles.length === 0
    ? 'HOLOGEN_ALLOWED_ROLES is empty, so SQL may name no role: nothing can be read from or saved to OSS'
    : undefined;
}
