/** For `hologen check`: what is worth knowing of the settings for OSS, before anybody is asked. */

import type { OssSettings } from './settings.js';

/** Undefined: nothing is. What makes no sense was refused when the settings were read. */
export function checkOssSettings({ allowedRoles }: Pick<OssSettings, 'allowedRoles'>): string | undefined {
  return allowedRoles.length === 0
    ? 'HOLOGEN_ALLOWED_ROLES is empty, so SQL may name no role: nothing can be read from or saved to OSS'
    : undefined;
}
