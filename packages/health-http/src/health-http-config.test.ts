import { parseConfig } from '@ebus/core';
import { memory } from '@ebus/memory';
import { expect, it } from 'vitest';
import { healthHttpConfigSchema } from './health-http-config.js';
import { healthHttp } from './index.js';

const plugins = [memory, healthHttp];

it('takes a port, and optionally a host and a path', () => {
  for (const config of [{ port: 0 }, { port: 65_535, host: '::1', path: '/ops' }, { port: 80, path: '/' }]) {
    expect(healthHttpConfigSchema.parse(config)).toEqual(config);
  }
});

it.each([
  [{}, /healthHttp\.port: is missing: it must be/],
  [{ port: 65_536 }, /healthHttp\.port: must be at most 65535, got 65536/],
  [{ port: -1 }, /healthHttp\.port: must be at least 0/],
  [{ port: 80.5 }, /healthHttp\.port: must be a whole number/],
  [{ port: 80, path: 'ops' }, /healthHttp\.path: must begin with a slash/],
  [{ port: 80, hots: 'a' }, /healthHttp\.hots: unknown key, did you mean 'host'\?/],
])('refuses %j', async (section, message) => {
  await expect(parseConfig({ type: 'memory', healthHttp: section }, { plugins })).rejects.toThrow(message);
});

it('reads a port from a variable', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: variables of configurations look like that
  const config = { type: 'memory', healthHttp: { port: '${PORT:-8080}' } };
  expect((await parseConfig(config, { plugins, env: {} })).healthHttp).toEqual({ port: 8080 });
});
