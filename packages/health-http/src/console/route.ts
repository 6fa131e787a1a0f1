/** Which part of the console a request means. Pure. */

/** A part of the console, with the query. */
export interface ConsoleRoute {
  readonly name: 'page' | 'live' | 'letters' | 'letter' | 'actions';
  readonly query: URLSearchParams;
}

const ROUTES: ReadonlyMap<string, ConsoleRoute['name']> = new Map([
  ['/ui', 'page'],
  ['/ui/', 'page'],
  ['/ui/api/live', 'live'],
  ['/ui/api/letters', 'letters'],
  ['/ui/api/letter', 'letter'],
  ['/ui/api/actions', 'actions'],
]);

/**
 * Undefined where there is none at that path.
 * @param prefix as `toPrefix` returns it
 */
export function consoleRouteAt(url: string, prefix: string): ConsoleRoute | undefined {
  // Proxies may give the whole address.
  const [, path = '', query = ''] = /^(?:https?:\/\/[^/?#]*)?([^?#]*)\??([^#]*)/i.exec(url) ?? [];
  const name = path.startsWith(prefix) ? ROUTES.get(path.slice(prefix.length)) : undefined;
  return name === undefined ? undefined : { name, query: new URLSearchParams(query) };
}
