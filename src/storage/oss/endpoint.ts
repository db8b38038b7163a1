/** Which hosts may be spoken to: OSS endpoints named in SQL, and the overrides of the gateway's configuration. */

import { KnownError } from '../../errors.js';
import { isLoopback } from '../../public-address.js';
import { originOf } from '../../settings/cloud-places.js';
import type { OssSettings } from './settings.js';

/** Where requests go and how they are addressed and signed; URLs have no path. */
export interface ResolvedEndpoint {
  requestUrl: string;
  /** Base of URLs handed to the provider, which is outside our private network. */
  presignUrl: string;
  /** For the signature, e.g. `cn-hangzhou`. */
  region: string;
  /** The bucket stands in the path instead of the host name. */
  pathStyle: boolean;
  /** The host already belongs to one bucket. */
  customDomain: boolean;
  /** Addresses by bucket that stand in URLs handed to the provider in place of `presignUrl`, whatever endpoint SQL names. */
  bucketUrls: ReadonlyMap<string, string>;
}

const formHint =
  "Write the endpoint of the bucket's region, for example oss-cn-hangzhou-internal.aliyuncs.com or oss-cn-hangzhou.aliyuncs.com.";

/** Alibaba's regions: two letters, then words: cn-hangzhou, ap-southeast-1. */
const regionalPattern = /^oss-([a-z]{2}-[a-z0-9-]*?[a-z0-9])(-internal)?\.aliyuncs\.com$/;

/** Hosts that look like OSS but cannot be used, with what to write instead. */
const refusedHosts: { pattern: RegExp; hint: string }[] = [
  {
    pattern: /^oss-accelerate(-overseas)?\.aliyuncs\.com$/,
    hint: `An acceleration endpoint does not tell the bucket's region, which requests are signed for. ${formHint}`,
  },
  {
    pattern: /^[a-z0-9-]+\.oss-[a-z0-9-]+\.aliyuncs\.com$/,
    hint: `Leave the bucket out of the endpoint; it belongs into the path. ${formHint}`,
  },
];

function refuse(endpoint: string, field: string, hint = formHint): KnownError {
  return new KnownError({
    kind: 'invalidParameterValue',
    message: `${field} is not an OSS endpoint: "${endpoint}"`,
    hint,
  });
}

function fromOverride(override: string, region: string): ResolvedEndpoint {
  const url = new URL(originOf(override, 'HOLOGEN_OSS_ENDPOINT'));
  const pathStyle = isLoopback(url);
  // ali-oss leaves the bucket out of URLs whose host is an IP address.
  if (pathStyle) url.hostname = 'localhost';
  const bucketUrls = new Map();
  return {
    requestUrl: url.origin,
    presignUrl: url.origin,
    region,
    pathStyle,
    customDomain: false,
    bucketUrls,
  };
}

interface CustomDomain {
  region: string | undefined;
  bucket: string | undefined;
}

/** HOLOGEN_OSS_DOMAINS entries, by domain: `media.example.com=cn-hangzhou` or `media.example.com=cn-hangzhou/bucket`. */
function readCustomDomains(entries: string[]): Map<string, CustomDomain> {
  return new Map(
    entries.map((entry) => {
      const [domain = '', place = ''] = entry.toLowerCase().split('=');
      const [region, bucket] = place.trim().replace(/^oss-/, '').split('/');
      return [domain.trim(), { region: region || undefined, bucket }];
    }),
  );
}

function urlsByBucket(domains: Map<string, CustomDomain>): Map<string, string> {
  const named = [...domains].flatMap(([domain, { bucket }]) => (bucket ? [[bucket, domain] as const] : []));
  return new Map(named.map(([bucket, domain]) => [bucket, `https://${domain}`]));
}

function hostOf(endpoint: string, field: string): string {
  const host = endpoint
    .trim()
    .toLowerCase()
    .replace(/^https:\/\//, '')
    .replace(/\/$/, '');
  if (host.startsWith('http://')) throw refuse(endpoint, field, `Plain http is not used. ${formHint}`);
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(host)) throw refuse(endpoint, field);
  return host;
}

/**
 * Turns the endpoint that SQL names into the hosts to use. Only OSS's own regional endpoints and the configured
 * custom domains pass: anything else would let SQL send the gateway, and its signatures, to any host.
 * Endpoints: https://www.alibabacloud.com/help/en/oss/user-guide/regions-and-endpoints
 * @throws KnownError 22023 that names `field`, the value and what to write instead
 */
export function resolveEndpoint(
  endpoint: string,
  field: string,
  settings: Pick<OssSettings, 'ossEndpointOverride' | 'customDomains'>,
): ResolvedEndpoint {
  const host = hostOf(endpoint, field);
  const domains = readCustomDomains(settings.customDomains);
  const bucketUrls = urlsByBucket(domains);
  const domain = domains.get(host);
  if (domain) {
    const { region } = domain;
    if (!region) {
      throw refuse(endpoint, field, `Give its region in HOLOGEN_OSS_DOMAINS, as in ${host}=cn-hangzhou.`);
    }
    if (settings.ossEndpointOverride) return fromOverride(settings.ossEndpointOverride, region);
    const url = `https://${host}`;
    return { requestUrl: url, presignUrl: url, region, pathStyle: false, customDomain: true, bucketUrls };
  }
  const refused = refusedHosts.find((candidate) => candidate.pattern.test(host));
  if (refused) throw refuse(endpoint, field, refused.hint);
  const region = regionalPattern.exec(host)?.[1];
  if (!region) throw refuse(endpoint, field);
  if (settings.ossEndpointOverride) return fromOverride(settings.ossEndpointOverride, region);
  return {
    requestUrl: `https://${host}`,
    presignUrl: `https://oss-${region}.aliyuncs.com`,
    region,
    pathStyle: false,
    customDomain: false,
    bucketUrls,
  };
}
