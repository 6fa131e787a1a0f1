import { startService } from '@ebus/services';
import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => vi.unstubAllEnvs());

describe('a service that the environment gives', () => {
  it('is taken, and nothing is started', async () => {
    vi.stubEnv('EBUS_TEST_NATS', 'nats://broker:4222, nats://other:4222');
    const log = vi.fn();
    const nats = await startService('nats', { log });
    expect(nats).toMatchObject({
      how: 'environment',
      source: 'EBUS_TEST_NATS',
      addresses: ['nats://broker:4222', 'nats://other:4222'],
      version: undefined,
      folder: undefined,
    });
    expect(log).toHaveBeenCalledExactlyOnceWith(
      'nats given by EBUS_TEST_NATS: nats://broker:4222, nats://other:4222',
    );
    await nats.close();
  });

  it('has a variable for the old version, and one for postgres', async () => {
    vi.stubEnv('EBUS_TEST_NATS_2_9', 'nats://old:4222');
    vi.stubEnv('EBUS_TEST_POSTGRES', 'postgres://db/ebus');
    const log = () => {};
    expect(await startService('nats', { version: '2.9', log })).toHaveProperty('addresses', [
      'nats://old:4222',
    ]);
    expect(await startService('postgres', { log })).toHaveProperty('addresses', ['postgres://db/ebus']);
  });

  it('is not for killing', async () => {
    vi.stubEnv('EBUS_TEST_NATS', 'nats://broker:4222');
    const nats = await startService('nats', { log: () => {} });
    await expect(nats.kill()).rejects.toThrow(
      'nats is given by EBUS_TEST_NATS; for this, start one of your own',
    );
    await expect(nats.restart()).rejects.toThrow('{ own: true }');
  });

  it.each([
    ['of its own', { own: true }],
    ['with a configuration', { config: 'max_payload: 1KB' }],
    ['without JetStream', { jetstream: false }],
    ['with more nodes than it has', { nodes: 3 }],
    ['of another version', { version: '2.9' }],
  ] as const)('is not taken for a service %s', async (_, options) => {
    vi.stubEnv('EBUS_TEST_NATS', 'nats://broker:4222');
    // Nothing else can be had: only the refusal tells that it was looked for.
    vi.stubEnv('PATH', '');
    vi.stubEnv('XDG_CACHE_HOME', '/nowhere');
    await expect(startService('nats', { log: () => {}, ...options })).rejects.toThrow(
      /^no nats.* to be had; make one of these work/,
    );
  });
});

it('lists every way that did not do, and what would', async () => {
  vi.stubEnv('PATH', '');
  vi.stubEnv('XDG_CACHE_HOME', '/nowhere');
  await expect(startService('nats', { version: '2.9' })).rejects.toThrow(
    [
      'no nats 2.9 to be had; make one of these work, or give the address of one in EBUS_TEST_NATS_2_9:',
      '  - docker: there is no `docker` on PATH',
      '  - PATH: there is no `nats-server`',
      '  - Debian package: there is no apt-get and dpkg here',
      '  - Go: there is no `go` on PATH',
    ].join('\n'),
  );
});

it('says which services there are', async () => {
  await expect(startService('rabbit' as 'nats')).rejects.toThrow('the services are nats, postgres, kafka');
});
