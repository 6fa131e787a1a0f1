/** Which endpoint a request means. */
import { ConfigError } from '@ebus/core';

/** An endpoint, whichever of its paths was asked for. */
export type Endpoint = 'health' | 'live' | 'ready' | 'metrics';

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([
  ['/health', 'health'],
  ['/healthz', 'health'],
  ['/livez', 'live'],
  ['/alive', 'live'],
  ['/readyz', 'ready'],
  ['/ready', 'ready'],
  ['/metrics', 'metrics'],
]);

/** Segments of plain characters, each behind a slash; slashes at the end do not count. */
const PREFIX = /^(\/[\w.~!$&'()*+,;=:@%-]+)*\/*$/;

/** True for `''`, slashes alone, and paths of plain segments such as `/ops/health`; false for queries and `a/b`. */
export function isPrefix(path: string): boolean {
  return PREFIX.test(path);
}

/**
 * The prefix of the endpoints' paths: `''` for none, else with a slash at the beginning and none at the end.
 * @throws ConfigError for what is no path
 */
export function toPrefix(path = ''): string {
  if (typeof path === 'string' && isPrefix(path)) return withoutSlashesAtEnd(path);
  throw new ConfigError(`path must begin with a slash and have no query, such as '/ops', got '${path}'`);
}

/**
 * Undefined where there is none at that path. Queries and slashes at the end are ignored.
 * @param url as a request has it: `/health?verbose=1`, or in full
 * @param prefix as `toPrefix` returns it
 */
export function endpointAt(url: string, prefix: string): Endpoint | undefined {
  const path = pathOf(url);
  return path.startsWith(prefix) ? ENDPOINTS.get(path.slice(prefix.length)) : undefined;
}

function pathOf(url: string): string {
  // Proxies and fetch-style servers give the whole address.
  const path = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]*/i, '');
  const end = path.search(/[?#]/);
  return withoutSlashesAtEnd(end < 0 ? path : path.slice(0, end));
}

/** Not by a regular expression, which takes a second for the longest rows of slashes. */
function withoutSlashesAtEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
