/** What cannot work is refused with an error that says what to do. */
import { EbusError, type EventBus } from '@ebus/core';
import { sharedService, startService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { Cleanup, natsBus, plainClient, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('nats');

async function failure(action: () => Promise<unknown>): Promise<EbusError> {
  const error = await action().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!EbusError.isInstance(error))
    throw new Error(`expected an EbusError, got ${String(error)}`, { cause: error });
  return error;
}

const bus = async (urls: readonly string[], settings?: Parameters<typeof natsBus>[1]): Promise<EventBus> =>
  cleanup.add(await natsBus(urls, settings), (one) => one.close());

describe('connecting', () => {
  it('to a server that is not there names the addresses, after connectTimeout', async () => {
    const urls = ['nats://127.0.0.1:1', 'nats://127.0.0.1:2'];
    const error = await failure(() => natsBus(urls, { common: { connectTimeout: 300 } }));
    expect(error.code).toBe('CONNECTION_FAILED');
    expect(error.message).toContain('nats://127.0.0.1:1, nats://127.0.0.1:2');
    expect(error.message).toContain('check nats.urls');
  });

  it('lazily succeeds at once, and everything works when the server is there', async () => {
    const server = cleanup.add(await startService('nats', { own: true }), (one) => one.close());
    await server.stop();
    const topic = uniqueName('topic');
    const topics = { [topic]: { persistence: 'persistent' as const, retention: '3h' as const } };
    const lazy = await bus(server.addresses, { common: { connect: 'lazy', topics } });
    expect(lazy.connection.state().status).toBe('connecting');
    const received: string[] = [];
    const subscribing = lazy.subscribe(topic, (message) => void received.push(message.text()));
    const publishing = lazy.publish(topic, 'early', { timeout: '20s' });
    await server.restart();
    await Promise.all([subscribing, publishing]);
    await expect.poll(() => received).toEqual(['early']);
    await expect.poll(async () => (await lazy.topics.describe(topic))?.retentionMs).toBe(3 * 3_600_000);
  });

  it.each([
    ['a wrong password', { username: 'app', password: 'wrong' }],
    ['no login', undefined],
  ])('with %s is refused at once, and the password is not shown', async (_, login) => {
    const config = 'authorization { user: app, password: right }';
    const server = cleanup.add(await startService('nats', { own: true, config }), (one) => one.close());
    const began = performance.now();
    const security = login === undefined ? {} : { security: { enabled: true, ...login } };
    const error = await failure(() => natsBus(server.addresses, { nats: security }));
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', retryable: false });
    expect(error.message).toContain('check nats.security');
    expect(error.message).not.toContain('wrong');
    const right = { security: { enabled: true, username: 'app', password: 'right' } };
    expect((await bus(server.addresses, { nats: right })).connection.state().status).toBe('connected');
  });

  it('with a token, and with permissions that do not suffice', async () => {
    const config = `accounts { A { jetstream: enabled, users: [
      { user: app, password: x, permissions: { publish: { deny: "secret.>" }, subscribe: { deny: "secret.>" } } }
    ] } }`;
    const server = cleanup.add(await startService('nats', { own: true, config }), (one) => one.close());
    const nats = { security: { enabled: true, username: 'app', password: 'x' } };
    const common = { topics: { 'secret.plans': { persistence: 'ephemeral' as const } } };
    const app = await bus(server.addresses, { nats, common });
    const stored = await bus(server.addresses, { nats });
    const denied = await failure(() => stored.publish('secret.plans', 'x', { timeout: '5s' }));
    expect(denied).toMatchObject({ code: 'UNAUTHORIZED', retryable: false });
    const subscribing = await failure(() => app.subscribe('secret.plans', () => {}));
    expect(subscribing).toMatchObject({ code: 'UNAUTHORIZED', retryable: false });
  });

  it('without TLS to where TLS was asked for never falls back', async () => {
    const nats = { security: { enabled: true, skipVerify: true } };
    const error = await failure(() => natsBus(addresses, { nats, common: { connectTimeout: 500 } }));
    expect(error.message).toMatch(/tls/i);
  });
});

describe('a server without JetStream', () => {
  it('says what to do', async () => {
    const server = cleanup.add(await startService('nats', { own: true, jetstream: false }), (one) =>
      one.close(),
    );
    const persistent = await bus(server.addresses);
    for (const action of [
      () => persistent.publish('orders', 'x'),
      () => persistent.subscribe('orders', () => {}),
      () => persistent.topics.configure('orders', { persistence: 'persistent' }),
    ]) {
      const error = await failure(action);
      expect(error).toMatchObject({ code: 'UNSUPPORTED', retryable: false });
      expect(error.message).toContain('nats-server -js');
    }
    const ephemeral = await bus(server.addresses, { nats: { jetstream: { enabled: false } } });
    const received: string[] = [];
    await ephemeral.subscribe('orders', (message) => void received.push(message.text()));
    await ephemeral.publish('orders', 'x');
    await expect.poll(() => received).toEqual(['x']);
    const error = await failure(() => ephemeral.topics.configure('invoices', { persistence: 'persistent' }));
    expect(error.message).toContain('nats.jetstream.enabled is false');
  });
});

describe('topics', () => {
  it.each(['orders.*', 'orders.>', 'orders..created', '.orders', 'orders.', '$JS.API.INFO', '_INBOX.x'])(
    "'%s' is refused for publishing and subscribing",
    async (topic) => {
      const app = await bus(addresses);
      for (const action of [() => app.publish(topic, 'x'), () => app.subscribe(topic, () => {})]) {
        expect((await failure(action)).code).toBe('TOPIC_NAME_INVALID');
      }
    },
  );

  it('a stream whose subjects overlap with another is refused, with what to do', async () => {
    const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
    const prefix = uniqueName('taken');
    await plain.manager.streams.add({ name: uniqueName('stream'), subjects: [`${prefix}.x.*`] });
    const stream = { name: uniqueName('mine'), subjects: [`${prefix}.>`] };
    const error = await failure(() => natsBus(addresses, { nats: { jetstream: { stream } } }));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(`${prefix}.>`);
    expect(error.message).toContain('another stream holds some of these subjects');
  });

  it('a topic among several of one stream cannot have settings of its own', async () => {
    const prefix = uniqueName('shop');
    const stream = { name: uniqueName('mine'), subjects: [`${prefix}.>`] };
    const app = await bus(addresses, { nats: { jetstream: { stream } } });
    const how = { onMismatch: 'fail' } as const;
    const error = await failure(() => app.topics.configure(`${prefix}.orders`, { retention: '3d' }, how));
    expect(error.code).toBe('TOPIC_MISMATCH');
    expect(error.message).toContain(`it shares stream '${stream.name}' with other topics`);
    const plan = await app.topics.plan({ [`${prefix}.orders`]: { retention: '3d' } });
    expect(plan).toMatchObject([{ action: 'mismatched', changed: [], mismatches: [{ field: 'retention' }] }]);
  });

  it('an ephemeral topic whose subject a stream captures is reported', async () => {
    const prefix = uniqueName('shop');
    const stream = { name: uniqueName('mine'), subjects: [`${prefix}.>`] };
    const app = await bus(addresses, { nats: { jetstream: { stream } } });
    const outcome = await app.topics.configure(`${prefix}.pings`, { persistence: 'ephemeral' });
    expect(outcome.mismatches).toMatchObject([
      { field: 'persistence', expected: 'ephemeral', actual: 'persistent' },
    ]);
  });

  it('a message over max_payload is refused, its headers counted', async () => {
    const server = cleanup.add(await startService('nats', { own: true, config: 'max_payload: 1KB' }), (one) =>
      one.close(),
    );
    const app = await bus(server.addresses);
    for (const action of [
      () => app.publish('orders', new Uint8Array(1_025)),
      () => app.publish('orders', new Uint8Array(1_000), { headers: { long: 'x'.repeat(100) } }),
    ]) {
      const error = await failure(action);
      expect(error).toMatchObject({ code: 'MESSAGE_TOO_LARGE', retryable: false });
      expect(error.message).toContain('send a reference');
    }
    await app.publish('orders', new Uint8Array(900));
  });

  it('a header name that NATS cannot carry is refused', async () => {
    const app = await bus(addresses);
    const error = await failure(() =>
      app.publish(uniqueName('topic'), 'x', { headers: { 'not a name': 'x' } }),
    );
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain('not a name');
  });

  it('a consumer that something else made is not taken over', async () => {
    const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
    const topic = uniqueName('topic').replaceAll(/[^a-z0-9]/g, '');
    await plain.manager.streams.add({ name: `STREAM_${topic}`, subjects: [topic] });
    const name = `billing-${topic}`;
    const other = { durable_name: name, ack_policy: 'none', filter_subject: topic } as never;
    await plain.manager.consumers.add(`STREAM_${topic}`, other);
    const app = await bus(addresses);
    const error = await failure(() => app.subscribe(topic, () => {}, { group: 'billing' }));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain("ack policy 'none'");
  });
});
