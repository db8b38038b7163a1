/** Addresses that somebody else names, and the gateway fetches: https, and never a private place, also not by a name that leads there. */
import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Private, link-local, carrier-grade and metadata networks; IPv4 in IPv6 notation is meant too. */
const privateNetworks = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv6');

/** `address`: an IP address. */
export function isPrivate(address: string): boolean {
  return privateNetworks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export function isLoopback({ hostname }: URL): boolean {
  return loopback.test(hostname);
}

export class PrivateAddress extends Error {}

/** Refuses a host that is an address of a private network; names are looked at when they are resolved, see publicLookup. */
export function refusePrivateHost({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) && isPrivate(host)) throw new PrivateAddress(`${host} is an address of a private network`);
}

/** For a connection: as dns.lookup, but no name leads into a private network. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, [], 0);
    const inside = addresses.find(({ address }) => isPrivate(address));
    if (inside)
      return callback(
        new PrivateAddress(`${hostname} leads to ${inside.address}, in a private network`),
        [],
        0,
      );
    const [first] = addresses;
    if (options.all) return callback(null, addresses);
    callback(null, first?.address ?? '', first?.family);
  });
};
