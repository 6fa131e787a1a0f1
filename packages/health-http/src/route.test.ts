import { ConfigError } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import { endpointAt, toPrefix } from './route.js';

describe('endpointAt', () => {
  it.each([
    ['/health', 'health'],
    ['/healthz', 'health'],
    ['/livez', 'live'],
    ['/alive', 'live'],
    ['/readyz', 'ready'],
    ['/ready', 'ready'],
    ['/metrics', 'metrics'],
    ['/health/', 'health'],
    ['/health//?x=/y', 'health'],
    ['/readyz?verbose=1', 'ready'],
    ['/livez#top', 'live'],
    ['http://localhost:8080/health?x', 'health'],
    ['https://[::1]:8080/livez', 'live'],
  ])('finds %s', (url, endpoint) => {
    expect(endpointAt(url, '')).toBe(endpoint);
  });

  it.each([
    '/',
    '',
    '*',
    '/Health',
    '//health',
    '/health/x',
    '/healthy',
    '/constructor',
    '/%68ealth',
    'health',
  ])('finds nothing at %j', (url) => {
    expect(endpointAt(url, '')).toBeUndefined();
  });

  it('finds them behind a prefix, and nowhere else', () => {
    expect(endpointAt('/ops/health', '/ops')).toBe('health');
    expect(endpointAt('/ops/health/?x', '/ops')).toBe('health');
    for (const url of ['/health', '/opshealth', '/ops', '/ops/ops/health', '/x/ops/health']) {
      expect(endpointAt(url, '/ops'), url).toBeUndefined();
    }
  });

  it('reads the longest paths that servers let through at once', () => {
    const began = performance.now();
    endpointAt(`/${'/'.repeat(100_000)}x`, '');
    expect(performance.now() - began).toBeLessThan(50);
  });
});

describe('toPrefix', () => {
  it.each([
    [undefined, ''],
    ['', ''],
    ['/', ''],
    ['/ops', '/ops'],
    ['/ops//', '/ops'],
    ['/a/b-c.d', '/a/b-c.d'],
  ])('reads %j as %j', (path, prefix) => {
    expect(toPrefix(path)).toBe(prefix);
  });

  it.each(['ops', '/ops?x', '/ops#x', '/a b', '/a//b', 'http://host/ops', 7 as never])(
    'refuses %j',
    (path) => {
      expect(() => toPrefix(path)).toThrow(ConfigError);
    },
  );
});
