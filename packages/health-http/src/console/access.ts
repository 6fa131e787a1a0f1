/** Who may ask the console. Pure, but for the comparison of tokens. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isAllowedHost } from '../allowed-hosts.js';

/** Every request for data has it. Pages of other origins cannot send it without being allowed to, and none is. */
export const CONSOLE_HEADER = 'x-ebus-console';

/** Proxies that tell of themselves. */
const FORWARDED = /^(?:forwarded|via|x-forwarded-.+|x-real-ip|x-original-.+|cf-connecting-ip)$/;

/** The parts of a request that decide. */
export interface Caller {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
  readonly localAddress: string | undefined;
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly error: string;
}

/** Names and addresses of this machine alone. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  const v4 = name.startsWith('::ffff:') ? name.slice(7) : name;
  return (
    name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(v4)
  );
}

/** For the page itself, which holds no data: whether it is asked for by a name that is this server's. */
export function refusedHost(
  { headers }: Pick<Caller, 'headers'>,
  token: string | undefined,
  allowedHosts: readonly string[],
): Refusal | undefined {
  const { host } = headers;
  const isFine =
    token === undefined
      ? host !== undefined && (isLoopback(withoutPort(host)) || isAllowedName(host, allowedHosts))
      : isAllowedHost(host, allowedHosts);
  if (isFine) return undefined;
  return { status: 421, error: 'the console does not answer for that host; allowedHosts lists further ones' };
}

/**
 * For data and actions. Without a token only this machine may ask, and directly.
 * @returns undefined where the request may go on
 */
export function refusal(
  caller: Caller,
  token: string | undefined,
  allowedHosts: readonly string[],
): Refusal | undefined {
  const wrongHost = refusedHost(caller, token, allowedHosts);
  if (wrongHost !== undefined) return wrongHost;
  const { headers } = caller;
  if (headers[CONSOLE_HEADER] === undefined || !isSameOrigin(headers)) {
    return {
      status: 403,
      error: `the console answers its own page alone: send ${CONSOLE_HEADER}, from the same origin`,
    };
  }
  if (token !== undefined) {
    const [, given] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    if (given !== undefined && isSame(given, token)) return undefined;
    return { status: 401, error: 'the console needs its token' };
  }
  const isHere = isLoopback(caller.remoteAddress ?? '') && isLoopback(caller.localAddress ?? '');
  const isForwarded = Object.keys(headers).some((name) => FORWARDED.test(name));
  if (isHere && !isForwarded) return undefined;
  return { status: 403, error: 'without a token the console answers this machine alone; set one' };
}

/** Browsers say so themselves, also behind a proxy; older ones send the origin. */
function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

/** Only names that were listed: not those that private networks know. */
function isAllowedName(host: string, allowed: readonly string[]): boolean {
  return (
    allowed.length > 0 && withoutPort(host).includes('.') && !isPrivate(host) && isAllowedHost(host, allowed)
  );
}

const isPrivate = (host: string) => isAllowedHost(host, []);

function withoutPort(host: string): string {
  return host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : host.replace(/:\d*$/, '');
}

/** In a time that does not depend on where they differ. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
