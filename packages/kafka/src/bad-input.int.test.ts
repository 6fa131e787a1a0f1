/** What cannot work is refused with an error that says what to do. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventBus } from '@ebus/core';
import { sharedService, startService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { Cleanup, eventually, failure, kafkaBus, plainAdmin, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('kafka');

const bus = async (
  brokers: readonly string[],
  settings?: Parameters<typeof kafkaBus>[1],
): Promise<EventBus> => cleanup.add(await kafkaBus(brokers, settings), (one) => one.close());

describe('connecting', () => {
  it('to brokers that are not there names the addresses, after connectTimeout, without an endless log', async () => {
    const logged: unknown[] = [];
    const log = (...args: unknown[]) => void logged.push(args);
    const logger = { debug() {}, info() {}, warn: log, error: log };
    const error = await failure(() =>
      kafkaBus(['127.0.0.1:1', '127.0.0.1:2'], { logger, common: { connectTimeout: 500 } }),
    );
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
    expect(error.message).toContain('127.0.0.1:1, 127.0.0.1:2');
    expect(error.message).toContain('check kafka.brokers');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(logged.length).toBeLessThan(5);
  });

  it('lazily succeeds at once, and everything works when the broker is there', async () => {
    const server = cleanup.add(await startService('kafka', { own: true }), (one) => one.close());
    await server.stop();
    const topic = uniqueName('topic');
    const lazy = await bus(server.addresses, {
      common: { connect: 'lazy', topics: { [topic]: { retention: '3h' } } },
    });
    expect(lazy.connection.state().status).toBe('connecting');
    const received: string[] = [];
    await server.restart();
    await eventually(() => lazy.connection.state().status === 'connected');
    await eventually(async () => (await lazy.topics.describe(topic)) !== undefined);
    await lazy.subscribe(topic, (message) => void received.push(message.text()));
    await lazy.publish(topic, 'early', { timeout: '20s' });
    await eventually(() => received.length === 1);
  }, 60_000);
});

const SCRAM = 'sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512,PLAIN';
const PLAIN =
  'listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required ' +
  'user_app="right";';
const JAAS = ['scram-sha-256', 'scram-sha-512'].map(
  (name) =>
    `listener.name.client.${name}.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;`,
);

describe('a broker with logins', () => {
  it('lets in who is right by each mechanism, refuses who is wrong at once, and denies what ACLs deny', async () => {
    const config = [
      SCRAM,
      PLAIN,
      ...JAAS,
      'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users=User:ANONYMOUS;User:admin',
      'allow.everyone.if.no.acl.found=true',
    ].join('\n');
    const server = cleanup.add(
      await startService('kafka', {
        own: true,
        protocol: 'SASL_PLAINTEXT',
        scramUsers: { app: 'right', admin: 'root' },
        config,
      }),
      (one) => one.close(),
    );
    const login = (
      mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512',
      password: string,
      username = 'app',
    ) => ({
      security: { enabled: true, protocol: 'SASL_PLAINTEXT' as const, mechanism, username, password },
    });
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
      const topic = uniqueName('topic');
      const app = await bus(server.addresses, {
        kafka: login(mechanism, 'right'),
        common: { topics: { [topic]: {} } },
      });
      const seen: string[] = [];
      await app.subscribe(topic, (message) => void seen.push(message.text()));
      await app.publish(topic, mechanism);
      await eventually(() => seen.length === 1);
      const began = performance.now();
      const error = await failure(() => kafkaBus(server.addresses, { kafka: login(mechanism, 'wrong') }));
      expect(performance.now() - began).toBeLessThan(8_000);
      expect(error).toMatchObject({ code: 'UNAUTHORIZED', retryable: false });
      expect(error.message).toContain('check kafka.security');
      expect(error.message).not.toContain('wrong');
    }
    // Without a login nothing falls back to going without one.
    const none = await failure(() => kafkaBus(server.addresses, { common: { connectTimeout: 1_000 } }));
    expect(none.code).toBe('CONNECTION_FAILED');

    const secret = uniqueName('secret');
    const admin = await bus(server.addresses, {
      kafka: login('SCRAM-SHA-256', 'root', 'admin'),
      common: { topics: { [secret]: {} } },
    });
    const { admin: client } = (await import('./index.js')).kafka.native(admin);
    await client?.createAcls({
      acl: [
        {
          resourceType: 2,
          resourceName: secret,
          resourcePatternType: 3,
          principal: 'User:admin',
          host: '*',
          operation: 2,
          permissionType: 3,
        },
      ],
    });
    const app = await bus(server.addresses, { kafka: login('PLAIN', 'right') });
    const denied = await failure(() => app.publish(secret, 'x', { timeout: '8s' }));
    expect(['UNAUTHORIZED', 'TOPIC_NOT_FOUND']).toContain(denied.code);
    expect(denied.message).toContain(secret);
    const subscribing = await failure(() => app.subscribe(secret, () => {}));
    expect(['UNAUTHORIZED', 'TOPIC_NOT_FOUND']).toContain(subscribing.code);
    expect(subscribing.message).toContain(secret);
  }, 90_000);
});

it('TLS: a broker whose certificate is trusted is used, any other is refused, and nothing goes in plain text', async (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'ebus-tls-'));
  cleanup.add(folder, (one) => rmSync(one, { recursive: true }));
  const own =
    'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1';
  const made = spawnSync('openssl', [...own.split(' '), '-keyout', 'key.pem', '-out', 'cert.pem'], {
    cwd: folder,
  });
  if (made.status !== 0) test.skip('openssl is not installed');
  const caFile = join(folder, 'cert.pem');
  const pem = readFileSync(join(folder, 'key.pem'), 'utf8') + readFileSync(caFile, 'utf8');
  const broker = await startService('kafka', {
    own: true,
    protocol: 'SSL',
    files: { 'server.pem': pem },
    config: 'ssl.keystore.type=PEM\nssl.keystore.location=server.pem',
  });
  cleanup.add(broker, (one) => one.close());
  const topic = uniqueName('topic');
  const app = await bus(broker.addresses, {
    kafka: { security: { enabled: true, caFile } },
    common: { topics: { [topic]: {} } },
  });
  const seen: string[] = [];
  await app.subscribe(topic, (message) => void seen.push(message.text()));
  await app.publish(topic, 'secret');
  await eventually(() => seen.length === 1);
  const common = { connectTimeout: 1_500 };
  const untrusted = { security: { enabled: true, protocol: 'SSL' as const } };
  for (const kafka of [untrusted, {}]) {
    const error = await failure(() => kafkaBus(broker.addresses, { kafka, common }));
    expect(error.code).toBe('CONNECTION_FAILED');
  }
  const plain = { security: { enabled: true, caFile } };
  expect((await failure(() => kafkaBus(addresses, { kafka: plain, common }))).code).toBe('CONNECTION_FAILED');
}, 60_000);

describe('topics', () => {
  it('that do not exist are refused for publishing and subscribing, with what to do', async () => {
    const app = await bus(addresses, { common: { unconfiguredTopics: 'refuse' } });
    const topic = uniqueName('missing');
    for (const action of [() => app.publish(topic, 'x'), () => app.subscribe(topic, () => {})]) {
      const error = await failure(action);
      expect(error).toMatchObject({ code: 'TOPIC_NOT_FOUND', retryable: false });
      expect(error.message).toContain(topic);
      expect(error.message).toContain('bus.topics.configure');
    }
    const admin = cleanup.add(await plainAdmin(addresses), (one) => one.disconnect());
    expect(await admin.listTopics()).not.toContain(topic);
  });

  it.each(['.', '..', 'a/b', 'a:b', 'a*', 'x'.repeat(250)])("'%s' is refused", async (topic) => {
    const app = await bus(addresses);
    for (const action of [() => app.publish(topic, 'x'), () => app.subscribe(topic, () => {})]) {
      expect((await failure(action)).code).toBe('TOPIC_NAME_INVALID');
    }
  });

  it("a message over the broker's limit is refused, and those around it are delivered", async () => {
    const topic = uniqueName('topic');
    const app = await bus(addresses, { common: { topics: { [topic]: {} } } });
    const seen: number[] = [];
    await app.subscribe(topic, ({ data }) => void seen.push(data.length), { concurrency: 1 });
    const outcomes = await Promise.allSettled(
      [10, 2_000_000, 20].map((bytes) => app.publish(topic, new Uint8Array(bytes), { key: 'a' })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const { reason } = outcomes[1] as PromiseRejectedResult;
    expect(reason).toMatchObject({ code: 'MESSAGE_TOO_LARGE', retryable: false });
    expect(reason.message).toContain('send a reference');
    await eventually(() => seen.length === 2);
    expect(seen).toEqual([10, 20]);
  });
});

describe('settings', () => {
  it.each([
    [{ librdkafka: { 'enable.auto.offset.store': true } }, 'only what was handled is committed'],
    [{ librdkafka: { 'no.such.setting': 1 } }, 'no.such.setting'],
    [{ security: { enabled: true, mechanism: 'OAUTHBEARER' } }, 'OAUTHBEARER'],
    [{ security: { username: 'a', password: 'b' } }, 'set enabled: true'],
    [{ security: { enabled: true, caFile: '/no/such/file.pem' } }, 'cannot read the file'],
    [{ producer: { requiredAcks: 2 } }, 'must be -1'],
  ])('%j are refused', async (kafka, text) => {
    const error = await failure(() => kafkaBus(addresses, { kafka: kafka as never }));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(text);
  });

  it('requiredAcks 0 is refused on persistent topics, and 1 is honoured and said', async () => {
    const topic = uniqueName('topic');
    const warned: string[] = [];
    const logger = {
      debug() {},
      info() {},
      warn: (...args: unknown[]) => void warned.push(String(args.at(-1))),
      error() {},
    };
    const common = { topics: { [topic]: {} } };
    const none = await bus(addresses, { common, kafka: { producer: { requiredAcks: 0 } } });
    const error = await failure(() => none.publish(topic, 'x'));
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toContain('kafka.producer.requiredAcks');
    const one = await bus(addresses, { common, logger, kafka: { producer: { requiredAcks: 1 } } });
    expect(one.capabilities('persistent').retriesInClient).toBe(false);
    expect(warned.some((line) => line.includes('without idempotence'))).toBe(true);
    expect((await one.publish(topic, 'x')).position?.offset).toBe(0);
  });
});
