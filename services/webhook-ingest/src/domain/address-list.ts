import { BlockList, isIP } from 'node:net';

/** Whether every entry is an IP address or a range in CIDR notation. */
export const areAddresses = (entries: readonly string[]): boolean =>
  entries.every((entry) => parse(entry) !== undefined);

/**
 * Returns a function that says whether an address is one of `entries` (addresses and CIDR ranges); undefined for an
 * empty list. An IPv4 address written as IPv6 (`::ffff:1.2.3.4`) counts as the IPv4 address.
 */
export function addressList(entries: readonly string[]): ((address: string) => boolean) | undefined {
  if (entries.length === 0) return undefined;
  const list = new BlockList();
  for (const entry of entries) {
    const range = parse(entry);
    if (!range) throw new TypeError(`not an address or range: ${entry}`);
    list.addSubnet(range.address, range.prefix, range.family);
  }
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  };
}

function parse(entry: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', length, ...rest] = entry.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = length === undefined ? bits : Number(length);
  return prefix <= bits ? { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' } : undefined;
}
