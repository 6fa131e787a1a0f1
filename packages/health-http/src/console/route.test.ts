import { expect, it } from 'vitest';
import { consoleRouteAt } from './route.js';

const nameAt = (url: string, prefix = '') => consoleRouteAt(url, prefix)?.name;

it('knows its paths, below its prefix alone', () => {
  expect(['/ui', '/ui/', '/ui?x', '/ui#x'].map((url) => nameAt(url))).toEqual([
    'page',
    'page',
    'page',
    'page',
  ]);
  expect(nameAt('/ops/ui/api/live', '/ops')).toBe('live');
  // As proxies may write it.
  expect(nameAt('http://billing:8080/ui/api/letters?topic=a')).toBe('letters');
});

it.each([
  ...[
    '/ui/../health',
    '/ui/%2e%2e/health',
    '/ui/..%2fetc/passwd',
    '/ui/api/../../etc/passwd',
    '/ui//',
    '//ui',
  ],
  ...[
    '/ui/api',
    '/ui/api/',
    '/ui/api/live/',
    '/UI',
    '/ui;x',
    '/ui%00',
    '',
    '*',
    'ui',
    '/',
    'http://x',
    '?/ui',
  ],
])('leaves %s to others', (url) => {
  expect(consoleRouteAt(url, '')).toBeUndefined();
});

it('reads the whole query', () => {
  const { query } = consoleRouteAt('/ui/api/letters?topic=a&key=what?b=c&group=%ZZ#x', '') ?? {};
  expect(Object.fromEntries(query ?? [])).toEqual({ topic: 'a', key: 'what?b=c', group: '%ZZ' });
});
