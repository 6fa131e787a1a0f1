import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createUser } from '@nats-io/nkeys';
import { afterAll, describe, expect, it } from 'vitest';
import { connectionOptions, weaknesses } from './client-config.js';
import { natsConfigSchema } from './config-schema.js';

const folder = mkdtempSync(join(tmpdir(), 'ebus-nats-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const warned: unknown[] = [];
const logger = { debug() {}, info() {}, warn: (...args: unknown[]) => void warned.push(args[1]), error() {} };
const resolved = (given: object) => natsConfigSchema.parse({ urls: ['nats://broker:4222'], ...given });
const options = (given: object) => connectionOptions(resolved(given), 'billing', logger);

it('a login is read from its file at every attempt; a file that is away just then is as it was before', () => {
  const file = join(folder, 'user.nk');
  const [one, two] = [createUser(), createUser()];
  const write = (key: typeof one) => writeFileSync(file, key.getSeed());
  write(one);
  const { authenticator } = options({ security: { enabled: true, nkeyFile: file } });
  const login = () => (authenticator as (nonce?: string) => { nkey: string })('n').nkey;
  expect(login()).toBe(one.getPublicKey());
  write(two);
  expect(login()).toBe(two.getPublicKey());
  writeFileSync(file, 'half');
  expect(login()).toBe(two.getPublicKey());
  rmSync(file);
  expect(login()).toBe(two.getPublicKey());
  expect(warned).toHaveLength(2);
});

it('certificates are read by the client, at every attempt', () => {
  const file = join(folder, 'ca.pem');
  writeFileSync(file, 'x');
  const { tls } = options({ security: { enabled: true, caFile: file, handshakeFirst: true } });
  expect(tls).toEqual({ caFile: file, handshakeFirst: true });
  expect(() => options({ security: { enabled: true, caFile: join(folder, 'missing') } })).toThrow(
    'nats.security.caFile',
  );
});

it('the client goes on for ever, pings often, and answers come where they may', () => {
  expect(options({ pingInterval: '5s', inboxPrefix: '_INBOX_billing' })).toMatchObject({
    ignoreAuthErrorAbort: true,
    maxReconnectAttempts: -1,
    pingInterval: 5_000,
    inboxPrefix: '_INBOX_billing',
  });
});

describe('what is left open to others', () => {
  const said = (given: object, urls = ['nats://broker:4222']) => weaknesses(resolved({ urls, ...given }));
  const login = { username: 'u', password: 'p' };

  it.each([
    ['a server that is not verified', { security: { enabled: true, skipVerify: true } }, /not verified/],
    ['a login without TLS', { security: { enabled: true, ...login } }, /without TLS/],
    ['settings that are turned off', { security: { enabled: false, ...login } }, /not used/],
  ])('is said: %s', (_, given, text) => {
    expect(said(given)).toEqual([expect.stringMatching(text)]);
  });

  it('is nothing otherwise', () => {
    expect(said({})).toEqual([]);
    expect(said({ security: { enabled: true, ...login } }, ['tls://broker:4222'])).toEqual([]);
    expect(
      said({ security: { enabled: true, ...login } }, ['nats://127.0.0.1:4222', 'localhost:4222']),
    ).toEqual([]);
    expect(said({ security: { enabled: true, nkeyFile: '/x' } })).toEqual([]);
  });
});
