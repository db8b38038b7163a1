/** Checks of the account: API key and region, the identity that assumes roles, the roles, the clock, and places in stores. Spends nothing. */
import { request } from 'undici';
import { toBeWrittenAs } from '../../calls/written-as.js';
import { ProviderFailure } from '../../providers/provider.js';
import type { Account } from './account.js';
import { type Check, misconfigured } from './report.js';

/** https://www.alibabacloud.com/help/en/model-studio/regions: key, host and models belong to one region. */
const regions: [name: string, url: string][] = [
  ['China (Beijing)', 'https://dashscope.aliyuncs.com/api/v1'],
  ['Singapore', 'https://dashscope-intl.aliyuncs.com/api/v1'],
  ['US (Virginia)', 'https://dashscope-us.aliyuncs.com/api/v1'],
  ['China (Hong Kong)', 'https://cn-hongkong.dashscope.aliyuncs.com/api/v1'],
];

const keyPage = 'Copy a key from the API-key page of the Model Studio console into DASHSCOPE_API_KEY.';
/** What people take for a key, by how it looks; looked through in order. */
const wrongKeys: [RegExp, message: string, hint: string][] = [
  [
    /^sk-sp-/,
    'this is a key of a Coding Plan (sk-sp-…), which serves coding tools only',
    `Coding Plan keys call neither picture nor video models. ${keyPage}`,
  ],
  [/^LTAI/, 'this is the id of an AccessKey (LTAI…), not an API key', keyPage],
  [/["'<>]|\.\.\./, 'the key holds quotes or a placeholder’s signs', keyPage],
  [/^(?!sk-|st-)/, 'an API key begins with sk-', keyPage],
];

/** The key's form, then Model Studio's own word on it: a task that does not exist is looked up. */
export function keyCheck({ findKey, probe, baseUrl }: Account): Check {
  return {
    name: 'API key and region',
    async run(signal) {
      const key = await findKey();
      if (!key)
        throw misconfigured(
          'no default API key',
          'Set DASHSCOPE_API_KEY, or give each model a key of its own when it is registered.',
        );
      const wrong = wrongKeys.find(([pattern]) => pattern.test(key));
      if (wrong) throw misconfigured(wrong[1], wrong[2]);
      await probe(key, signal).catch((error: unknown) => {
        throw error instanceof ProviderFailure ? explainProbe(error, baseUrl) : error;
      });
      return key.startsWith('st-') ? 'this is a temporary key (st-…), which lives for minutes' : undefined;
    },
  };
}

function explainProbe(error: ProviderFailure, baseUrl: string): Error {
  if (/^(InvalidApiKey|invalid_api_key|HTTP 401)/.test(error.code)) {
    const others = regions
      .filter(([, url]) => url !== baseUrl)
      .map(([name, url]) => `\n          ${name}: ${url}`);
    return misconfigured(
      error.message,
      `The key is wrong, was deleted, or belongs to another region than ${baseUrl}. DASHSCOPE_HTTP_BASE_URL of other regions:${others.join('')}`,
      error,
    );
  }
  if (/^HTTP 404|^NotFound/.test(error.code))
    return misconfigured(error.message, 'DASHSCOPE_HTTP_BASE_URL must end with /api/v1.', error);
  return error;
}

/** DASHSCOPE_HTTP_BASE_URL and the settings of the stores have a form that can work. */
export function cloudSettingsCheck({ storage, baseUrl }: Account): Check {
  return {
    name: 'cloud settings',
    async run() {
      const { pathname } = new URL(baseUrl);
      if (!/\/api\/v1\/?$/.test(pathname))
        throw misconfigured(
          `DASHSCOPE_HTTP_BASE_URL ends with "${pathname}"`,
          'It must end with /api/v1, also where other programs want /compatible-mode/v1.',
        );
      return storage.checkSettings();
    },
  };
}

const toleranceMs = 15 * 60_000;
const noticeableMs = 60_000;

/** OSS and STS refuse requests whose time is more than 15 minutes off; STS tells its own time in every answer. */
export function clockCheck(stsUrl: string): Check {
  return {
    name: 'STS and the clock',
    async run(signal) {
      const sentMs = Date.now();
      const { headers, body } = await request(stsUrl, { method: 'HEAD', signal }).catch((cause: Error) => {
        throw misconfigured(
          `${stsUrl} cannot be reached (${(cause as NodeJS.ErrnoException).code ?? cause.message})`,
          'Check the network; inside a VPC set HOLOGEN_STS_ENDPOINT to the region’s own STS.',
          cause,
        );
      });
      body.on('error', () => {}).destroy();
      const theirsMs = Date.parse(String(headers.date));
      if (Number.isNaN(theirsMs)) return `${stsUrl} does not tell the time`;
      const offMs = (sentMs + Date.now()) / 2 - theirsMs;
      const said = `this machine's clock is ${Math.round(Math.abs(offMs) / 60_000)} min ${offMs > 0 ? 'ahead' : 'behind'}`;
      if (Math.abs(offMs) > toleranceMs)
        throw misconfigured(
          said,
          'OSS and STS refuse it (RequestTimeTooSkewed): synchronise the clock, with chrony or systemd-timesyncd.',
        );
      return Math.abs(offMs) > noticeableMs ? said : undefined;
    },
  };
}

export interface Place {
  path: string;
  endpoint: string;
  roleArn: string;
}

export function identityCheck({ identity }: Pick<Account, 'identity'>): Check {
  return {
    name: 'identity that assumes roles',
    async run() {
      await identity();
      return undefined;
    },
  };
}

/** Assumes the role and begins an upload that is never completed, with the headers of a picture. */
export function placeCheck({ path, endpoint, roleArn }: Place, { storage }: Pick<Account, 'storage'>): Check {
  return {
    name: `${path} as ${roleArn}`,
    async run(signal) {
      const file = storage.readFile({ oss_path: path, oss_endpoint: endpoint, role_arn: roleArn }, 'path');
      await storage.checkWritable(file.path, file.right, toBeWrittenAs('hologen check', 'pictures'), signal);
      return undefined;
    },
  };
}
