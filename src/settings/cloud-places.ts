/** Whether what the settings say of the cloud's places can be meant: addresses, roles, domains. Told before anything is started, and by a reload before anything changes. */
import { UsageError } from '../errors.js';
import { isLoopback } from '../public-address.js';
import { settingTable } from './table.js';

interface ProviderPlaces {
  baseUrl: string;
  regions: string[];
}

interface StoragePlaces {
  ossEndpoint: string | undefined;
  stsEndpoint: string;
  allowedRoles: string[];
  ossDomains: string[];
}

/** UsageError that names the setting, what is wrong in it and what to write. */
export function checkCloudPlaces({ baseUrl, regions }: ProviderPlaces, storage: StoragePlaces): void {
  checkAddress(baseUrl, settingTable.providerUrl.env);
  for (const region of regions) checkAddress(region, settingTable.providerRegions.env);
  if (storage.ossEndpoint !== undefined) originOf(storage.ossEndpoint, settingTable.ossEndpoint.env);
  originOf(storage.stsEndpoint, settingTable.stsEndpoint.env);
  const role = storage.allowedRoles.find((each) => !canBeRole(each));
  if (role !== undefined)
    throw new UsageError(
      `${settingTable.allowedRoles.env} holds "${role}", which is no role's ARN: write acs:ram::<account id>:role/<role name>, with * for any run of characters, and commas in between`,
    );
  const domain = storage.ossDomains.find((each) => !domainAndRegion.test(each));
  if (domain !== undefined)
    throw new UsageError(
      `${settingTable.ossDomains.env} holds "${domain}", which is no domain with its region: write media.example.com=cn-hangzhou or media.example.com=cn-hangzhou/bucket, and commas in between`,
    );
}

/**
 * Of an address without user, path and query; without a slash at its end.
 * @throws UsageError for another one, or where others could overhear it
 */
export function originOf(text: string, setting: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBare = url && !url.username && !url.password && url.pathname === '/' && !url.search && !url.hash;
  if (!isBare || !/^https?:$/.test(url.protocol))
    throw new UsageError(`${setting} must be a URL such as https://host:port, not "${text}"`);
  checkAddress(text, setting);
  return url.origin;
}

function checkAddress(text: string, setting: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new UsageError(
      `${setting} must be a URL such as ${settingTable.providerUrl.default}, not "${text}"`,
    );
  if (url.protocol === 'http:' && !isLoopback(url))
    throw new UsageError(`${setting} must be https (plain http only to loopback), not "${text}"`);
}

const wholeArn = /^acs:ram::[A-Za-z0-9]+:role\/[A-Za-z0-9._-]{1,64}$/;
const domainAndRegion =
  /^[a-z0-9-]+(\.[a-z0-9-]+)+\s*=\s*(oss-)?[a-z]{2}-[a-z0-9-]*[a-z0-9](\/[a-z0-9][a-z0-9-]{1,61}[a-z0-9])?$/i;

/** What stands before the first * must be how an ARN can begin. */
function canBeRole(pattern: string): boolean {
  if (!pattern.includes('*')) return wholeArn.test(pattern);
  if (!/^[A-Za-z0-9.:/_*-]+$/.test(pattern)) return false;
  const [head = ''] = pattern.split('*');
  const behindAccount = /^acs:ram::[A-Za-z0-9]*(.*)$/.exec(head)?.[1];
  if (behindAccount === undefined) return 'acs:ram::'.startsWith(head);
  return ':role/'.startsWith(behindAccount) || /^:role\/[A-Za-z0-9._-]*$/.test(behindAccount);
}
