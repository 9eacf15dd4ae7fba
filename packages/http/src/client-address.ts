import type { IncomingMessage } from 'node:http';

/**
 * The address of the client behind `trustedHops` proxies, as in Express's `req.ip`, without the port and the brackets
 * that some proxies write (Azure's Application Gateway).
 */
export function clientAddress(req: IncomingMessage, trustedHops: number): string {
  const forwarded = String(req.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((hop) => hop.trim());
  const nearestFirst = [req.socket.remoteAddress ?? '', ...forwarded.filter(Boolean).reverse()];
  return withoutPort(nearestFirst.slice(0, trustedHops + 1).at(-1) ?? '');
}

/** An address as written by a proxy, without its port and brackets. */
export function withoutPort(hop: string): string {
  const { address } = /^\[(?<address>[^\]]+)\](?::\d+)?$/.exec(hop)?.groups ?? {};
  return address ?? hop.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
}
