import { parseConfig } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import { adminConfig, producerConfig, questionsConfig } from './client-config.js';
import { kafkaConfigSchema } from './config-schema.js';
import { kafka } from './index.js';
import { whyRefused } from './librdkafka-settings.js';
import { weaknessesOf } from './security-config.js';

const parse = (part: object) => kafkaConfigSchema.parse({ brokers: ['a:9092'], ...part });
const problemOf = async (part: object) => {
  try {
    await parseConfig({ type: 'kafka', serviceName: 's', kafka: { brokers: ['a:9092'], ...part } } as never, {
      plugins: [kafka],
    });
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

describe('kafka.librdkafka', () => {
  it.each([
    'plugin.library.paths',
    'ssl.engine.location',
    'ssl.providers',
    'sasl.kerberos.kinit.cmd',
    'sasl.oauthbearer.token.endpoint.url',
    'enable.ssl.certificate.verification',
    'a.setting.of.tomorrow',
  ])('refuses %s', async (key) => {
    expect(await problemOf({ librdkafka: { [key]: 'x' } })).toContain('cannot be overridden');
    expect(whyRefused(key)).toBeTypeOf('string');
  });

  it('takes sizes, times and the network', async () => {
    expect(
      await problemOf({ librdkafka: { 'socket.timeout.ms': 1000, 'client.rack': 'a' } }),
    ).toBeUndefined();
  });
});

describe('kafka.security', () => {
  it('holds for both clients: the password of a key, and not verifying', () => {
    const config = parse({
      security: {
        enabled: true,
        certFile: import.meta.filename,
        keyFile: import.meta.filename,
        keyPassword: 'pw',
        skipVerify: true,
      },
    });
    expect(questionsConfig(config, 's')).toMatchObject({
      'ssl.key.password': 'pw',
      'enable.ssl.certificate.verification': false,
    });
    expect(adminConfig(config, 's').ssl).toMatchObject({ passphrase: 'pw', rejectUnauthorized: false });
  });

  it('hands the tokens of a provider to both clients', async () => {
    const token = async () => ({ value: 'v', expiresAt: 5, extensions: { logicalCluster: 'x' } });
    const config = parse({ security: { enabled: true, oauthBearer: { token } } });
    const settings = questionsConfig(config, 's') as Record<string, unknown>;
    expect(settings).toMatchObject({ 'security.protocol': 'sasl_ssl', 'sasl.mechanisms': 'OAUTHBEARER' });
    expect(await (settings.oauthbearer_token_refresh_cb as () => Promise<unknown>)()).toEqual({
      tokenValue: 'v',
      lifetime: 5,
      principal: '',
      extensions: { logicalCluster: 'x' },
    });
    const { sasl } = adminConfig(config, 's') as { sasl: { oauthBearerProvider(): Promise<unknown> } };
    expect(await sasl.oauthBearerProvider()).toMatchObject({ value: 'v' });
  });

  it.each([
    [{ enabled: true, mechanism: 'OAUTHBEARER' }, 'go together'],
    [{ enabled: true, oauthBearer: {} }, 'must have a method token()'],
    [{ enabled: true, keyPassword: 'x' }, 'keyPassword needs keyFile'],
    [{ skipVerify: true }, 'set enabled: true'],
    [{ enabled: true, protocol: 'PLAINTEXT', skipVerify: true }, 'has no TLS'],
  ])('refuses %j', async (security, why) => {
    expect(await problemOf({ security })).toContain(why);
  });

  it('names each weakness', () => {
    const login = { enabled: true, username: 'u', password: 'p' } as const;
    expect(weaknessesOf({ ...login })).toEqual([]);
    expect(weaknessesOf({ ...login, skipVerify: true })[0]).toContain('skipVerify');
    expect(weaknessesOf({ ...login, protocol: 'SASL_PLAINTEXT' })[0]).toContain('the login and messages');
    expect(
      weaknessesOf({ ...login, protocol: 'SASL_PLAINTEXT', mechanism: 'SCRAM-SHA-256' })[0],
    ).not.toContain('the login');
  });
});

it('gives a request up in time to reach the next leader within producer.timeout', () => {
  const codec = { compression: 'none', level: undefined } as const;
  expect(producerConfig(parse({}), 's', codec)).toMatchObject({ 'socket.timeout.ms': 6_000 });
  expect(producerConfig(parse({ producer: { timeout: '30s' } }), 's', codec)).toMatchObject({
    'socket.timeout.ms': 18_000,
  });
});
