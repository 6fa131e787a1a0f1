import { describe, expect, it } from 'vitest';
import { isSecretKey, Secrets } from './secrets.js';

it.each([
  ['password', true],
  ['saslPassword', true],
  ['pass', true],
  ['apiKey', true],
  ['credentialsFile', true],
  ['username', false],
  ['passenger', false],
  ['topic', false],
])('what is under %s is a secret: %s', (key, expected) => {
  expect(isSecretKey(key)).toBe(expected);
});

describe('a message', () => {
  it('is without the secrets of the configuration, wherever they came from', () => {
    const secrets = new Secrets();
    secrets.add('hunter2');
    secrets.add('abc');
    expect(secrets.redact("unknown key 'hunter2' of abc")).toBe("unknown key '***' of abc");
  });

  it('is without logins in addresses, up to the last @', () => {
    expect(new Secrets().redact('cannot read nats://me:p@ss@host:4222, or a@b')).toBe(
      'cannot read nats://***@host:4222, or a@b',
    );
  });

  it('says nothing where there are too many secrets to look for', () => {
    const secrets = new Secrets();
    for (let i = 0; i < 1_100; i++) secrets.add(`secret ${i}`);
    expect(secrets.redact('secret 5')).toMatch(/no more is shown/);
  });

  it('is bounded', () => {
    expect(new Secrets().redact('x'.repeat(1_000_000)).length).toBeLessThan(3_000);
  });
});

it.each([
  [['kafka', 'acks'], 5, '5'],
  [['kafka', 'acks'], 'all', '"all"'],
  [['kafka', 'password'], 'hunter2', 'a string (not shown)'],
  [['kafka', 'security', 'user'], 'me', 'a string (not shown)'],
  [['kafka', 'acks'], { a: 1 }, 'an object'],
  [['kafka', 'acks'], [1], 'a list'],
  [['kafka', 'acks'], null, 'nothing'],
  [['kafka', 'acks'], 'x'.repeat(5_000), 'a text of 5,000 characters'],
])('what is at %j is told of as it may be', (path, value, expected) => {
  expect(new Secrets().describe(path, value)).toBe(expected);
});
