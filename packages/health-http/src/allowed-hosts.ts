/** Which names a health server answers for: against pages that point a name of their own at it (DNS rebinding). */
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** Nobody outside can register a name that ends so. */
const PRIVATE_SUFFIXES = ['.localhost', '.local', '.internal', '.svc', '.cluster.local'];

/**
 * True for an address, for names without a dot, for names that only a private network knows, and for this machine's own.
 * Kubernetes and load balancers ask by address, Docker and Kubernetes' services by such names. `allowed` holds further
 * names, `*.example.com` for all below one, `*` for any.
 * @param header the request's `Host`; absent in HTTP/1.0, which no browser speaks
 */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined) return true;
  const name = nameOf(header);
  if (isIP(name) > 0 || !name.includes('.')) return true;
  if (PRIVATE_SUFFIXES.some((suffix) => name.endsWith(suffix))) return true;
  return name === hostname().toLowerCase() || allowed.some((pattern) => matches(name, pattern.toLowerCase()));
}

function nameOf(header: string): string {
  const host = header.trim().toLowerCase();
  if (host.startsWith('[')) return host.slice(1, Math.max(1, host.indexOf(']')));
  return host.replace(/:\d*$/, '').replace(/\.$/, '');
}

function matches(name: string, pattern: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern;
}
