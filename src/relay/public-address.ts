import { isIPv4, isIPv6 } from 'node:net';

/** Where a visitor reached us: what every address that we hand out must start from. */
export interface PublicAddress {
  readonly isSecure: boolean;
  /** Name or number, without port and brackets. */
  readonly host: string;
  readonly port: number;
}

const HOST = /^(?:\[(?<ip6>[0-9a-f:.]{2,45})\]|(?<name>[a-z0-9](?:[a-z0-9._-]{0,252})))(?::(?<port>\d{1,5}))?$/i;

/**
 * @param hostHeader the request's `Host`
 * @param forwardedProto `X-Forwarded-Proto`, as a TLS proxy sets it
 * @returns undefined for a host that is none; nothing may be built from it
 */
export function readPublicAddress(
  hostHeader: string | undefined,
  forwardedProto: string | undefined,
): PublicAddress | undefined {
  const groups = HOST.exec(hostHeader ?? '')?.groups;
  const host = groups?.['ip6'] ?? groups?.['name'];
  if (host === undefined || (groups?.['ip6'] !== undefined && !isIPv6(host))) return undefined;
  const isSecure = forwardedProto?.split(',')[0]?.trim().toLowerCase() === 'https';
  const port = groups?.['port'] === undefined ? (isSecure ? 443 : 80) : Number(groups['port']);
  return port >= 1 && port <= 65_535 ? { isSecure, host: host.toLowerCase(), port } : undefined;
}

/** E.g. `ws://127.0.0.1:8787/announce`. */
export function trackerUrl({ isSecure, host, port }: PublicAddress): string {
  const name = isIPv6(host) ? `[${host}]` : host;
  const isUsual = port === (isSecure ? 443 : 80);
  return `${isSecure ? 'wss' : 'ws'}://${name}${isUsual ? '' : `:${port}`}/announce`;
}

/** E.g. `/ip4/127.0.0.1/tcp/8787/ws/p2p/12D3Koo…` or `/dns4/example.org/tcp/443/wss/p2p/12D3Koo…`. */
export function relayMultiaddr({ isSecure, host, port }: PublicAddress, peerId: string): string {
  const kind = isIPv4(host) ? 'ip4' : isIPv6(host) ? 'ip6' : 'dns4';
  return `/${kind}/${host}/tcp/${port}/${isSecure ? 'wss' : 'ws'}/p2p/${peerId}`;
}
