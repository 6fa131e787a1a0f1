import { beforeEach, describe, expect, it } from 'vitest';
import { ConnectionError, EbusError } from '../errors.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { clientError, ScriptedDriver } from '../testing/scripted-driver.js';
import { deferred } from '../util/promise.js';
import { TopicGovernance } from './governance.js';
import { ModelAdmin } from './testing/model-admin.js';

const WEEK = 7 * 24 * 3_600_000;
let admin: ModelAdmin;
beforeEach(() => {
  admin = new ModelAdmin(['persistence', 'retentionMs', 'partitions', 'replicas']);
  admin.ensures();
});

async function aBus(config: Parameters<typeof scriptedBus>[0] = {}, governance?: TopicGovernance) {
  const driver = new ScriptedDriver();
  driver.admin = admin;
  return scriptedBus(config, { driver, ...(governance && { governance }) });
}

const notFound = (text: RegExp) => ({
  code: 'TOPIC_NOT_FOUND',
  retryable: false,
  message: expect.stringMatching(text),
});

describe('a topic that nobody configured', () => {
  it("is made on its first use with the broker's own settings, once, and logged", async () => {
    const { bus, driver, logged } = await aBus();
    const published = ['1', '2'].map((text) => bus.publish('orders', text, { key: 'a' }));
    await settle();
    published.push(bus.publish('orders', '3', { key: 'a' }));
    await bus.subscribe('orders', () => {});
    expect(driver.texts).toEqual(['1', '2', '3']);
    for (const send of driver.sends) send.ack();
    await Promise.all(published);
    await bus.subscribe('orders', () => {}, { group: 'another' });
    expect(admin.calls).toEqual(['ensure orders to publish', 'ensure orders to subscribe']);
    expect(admin.topics.get('orders')).toEqual({ name: 'orders', persistence: 'persistent' });
    expect(bus.topics.list()).toEqual([]);
    const lines = logged.filter(({ args }) => /created topic 'orders'/.test(String(args[1])));
    expect(lines).toMatchObject([{ level: 'info', args: [{ topic: 'orders' }, /is not configured/] }]);
  });

  it('is used as it is where the broker has it, whatever the strategy', async () => {
    admin.topics.set('orders', { name: 'orders' });
    const { bus, driver } = await aBus({ unconfiguredTopics: 'refuse', topicConfigStrategy: 'skip' });
    for (const text of ['1', '2']) void bus.publish('orders', text);
    await settle();
    expect(driver.texts).toEqual(['1', '2']);
    await bus.subscribe('orders', () => {});
    expect(admin.changes).toEqual([]);
  });

  it('holds publishes in order while the broker is asked, those of other topics not', async () => {
    const answer = deferred();
    admin.before = (_, topic) => (topic === 'orders' ? answer.promise : undefined);
    const { bus, driver } = await aBus();
    for (const text of ['1', '2']) void bus.publish('orders', text, { key: text });
    void bus.publish('others', 'x');
    await settle();
    void bus.publish('orders', '3');
    expect(driver.texts).toEqual(['x']);
    answer.resolve();
    await settle();
    expect(driver.texts).toEqual(['x', '1', '2', '3']);
    expect(admin.calls).toEqual(['ensure orders to publish', 'ensure others to publish']);
  });

  it('is sent to where the broker cannot be asked: its answer decides', async () => {
    admin.ensures(() => Promise.reject(new ConnectionError('down')));
    const { bus, driver } = await aBus();
    void bus.publish('orders', '1');
    await settle();
    expect(driver.texts).toEqual(['1']);
  });

  it('is refused where the broker has no room for it, which is tried again, and no longer than that', async () => {
    let isFull = true;
    const full = new EbusError('maximum number of streams reached', { code: 'LIMIT', retryable: true });
    admin.ensures(() => (isFull ? Promise.reject(full) : undefined));
    const { bus, driver } = await aBus();
    const refusal = { code: 'LIMIT', retryable: true, message: expect.stringContaining(full.message) };
    await expect(bus.publish('orders', '1', { retries: 0 })).rejects.toMatchObject(refusal);
    await expect(bus.subscribe('orders', () => {})).rejects.toMatchObject(refusal);
    expect(driver.texts).toEqual([]);
    isFull = false;
    void bus.publish('orders', '2');
    await settle();
    expect(driver.texts).toEqual(['2']);
  });

  it('is refused with `refuse`, for publishing and subscribing, with what to do', async () => {
    const { bus, driver, clock } = await aBus({ unconfiguredTopics: 'refuse' });
    const refusal = notFound(/scripted does not have topic 'orders'.*configure it under topics/);
    const failed = Promise.all(
      ['1', '2'].map((text) => expect(bus.publish('orders', text)).rejects.toMatchObject(refusal)),
    );
    await failed;
    await expect(
      bus.publishEnvelope('orders', { aggregateId: 'a', eventType: 'E', eventVersion: 1, payload: {} }),
    ).rejects.toMatchObject(refusal);
    await expect(bus.subscribe('orders', () => {})).rejects.toMatchObject(refusal);
    expect(driver.sends).toEqual([]);
    // However often it is tried.
    expect(admin.calls).toEqual(['ensure orders to publish']);
    await clock.advance(1_000);
    admin.topics.set('orders', { name: 'orders' });
    void bus.publish('orders', '3');
    await settle();
    expect(driver.texts).toEqual(['3']);
  });

  it('can be used as soon as it is configured', async () => {
    const { bus, driver } = await aBus({ unconfiguredTopics: 'refuse' });
    await expect(bus.publish('orders', '1')).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
    await bus.topics.configure('orders', {});
    void bus.publish('orders', '2');
    await settle();
    expect(driver.texts).toEqual(['2']);
  });

  it.each(['skip', 'validateOnly'] as const)(
    'is refused with strategy %s, configured or not',
    async (how) => {
      const { bus } = await aBus({ topicConfigStrategy: how, topics: { known: { retention: '1h' } } });
      for (const topic of ['orders', 'known']) {
        const refusal = notFound(new RegExp(`does not have topic '${topic}'.*'${how}'.*'createOrUpdate'`));
        await expect(bus.publish(topic, 'x')).rejects.toMatchObject(refusal);
        await expect(bus.subscribe(topic, () => {})).rejects.toMatchObject(refusal);
      }
      expect(admin.changes).toEqual([]);
    },
  );

  it('keeps the rules of the governance', async () => {
    const rules = new TopicGovernance([{ pattern: '**', minReplicas: 3, maxRetention: '1d' }]);
    const { bus } = await aBus({}, rules);
    void bus.publish('orders', 'x');
    await settle();
    expect(admin.topics.get('orders')).toMatchObject({ replicas: 3, retentionMs: 24 * 3_600_000 });
  });

  it('fails what is published as creating it does', async () => {
    admin.before = (call) => {
      if (call === 'create') throw new EbusError('not allowed to create', { code: 'UNAUTHORIZED' });
    };
    const { bus } = await aBus();
    await expect(bus.publish('orders', 'x')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await expect(bus.subscribe('orders', () => {})).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('needs nothing on the broker as ephemeral, where persistence is a route', async () => {
    admin = new ModelAdmin(undefined, 'route');
    admin.ensures();
    const { bus, driver } = await aBus({
      unconfiguredTopics: 'refuse',
      topics: { news: { persistence: 'ephemeral' } },
    });
    void bus.publish('news', 'x');
    expect(driver.texts).toEqual(['x']);
  });
});

describe('a topic that goes missing', () => {
  it('is made again as it was configured, once the broker has said so', async () => {
    const { bus, driver, clock } = await aBus({ topics: { orders: { partitions: 3 } } });
    const published = bus.publish('orders', '1');
    admin.topics.delete('orders');
    driver.sends[0]?.fail(new EbusError('unknown topic', { code: 'TOPIC_NOT_FOUND' }));
    await clock.advance(5_000);
    expect(driver.texts).toEqual(['1', '1']);
    driver.sends[1]?.ack();
    await published;
    expect(admin.topics.get('orders')).toMatchObject({ partitions: 3, replicas: 1, retentionMs: WEEK });
  });

  it.each([
    { retries: 2, ms: 2_500, code: undefined },
    { retries: 2, ms: 3_100, code: 'TOPIC_NOT_FOUND' },
    { retries: 0, ms: 0, code: 'TOPIC_NOT_FOUND' },
  ])('is tried for 3 s, as other brokers learn of it late (%o)', async ({ retries, ms, code }) => {
    const { bus, driver, clock } = await aBus({
      topics: { orders: {} },
      publisher: { errorHandling: { maxRetryAttempts: retries, retryBackoffBase: 10, retryBackoffMax: 100 } },
    });
    const published = bus.publish('orders', '1').then(
      () => undefined,
      (error: EbusError) => error.code,
    );
    const begun = clock.monotonic();
    for (let sent = 1; clock.monotonic() - begun < ms; sent++) {
      driver.sends.at(-1)?.fail(new EbusError('unknown topic', { code: 'TOPIC_NOT_FOUND', retryable: true }));
      while (driver.sends.length === sent && clock.monotonic() - begun < ms) await clock.advance(10);
    }
    await clock.advance(200);
    if (code === undefined) driver.sends.at(-1)?.ack();
    else driver.sends.at(-1)?.fail(new EbusError('unknown topic', { code: 'TOPIC_NOT_FOUND' }));
    await clock.advance(0);
    expect(await published).toBe(code);
  });

  it('is made again where only a new subscription is told', async () => {
    class Missing extends ScriptedDriver {
      override subscribe(...[spec, ...rest]: Parameters<ScriptedDriver['subscribe']>) {
        if (admin.topics.has(spec.topic)) return super.subscribe(spec, ...rest);
        throw new EbusError('unknown topic', { code: 'TOPIC_NOT_FOUND', retryable: true });
      }
    }
    const driver = new Missing();
    driver.admin = admin;
    const { bus } = await scriptedBus({}, { driver });
    await bus.subscribe('orders', () => {}, { group: 'first' });
    admin.topics.delete('orders');
    await bus.subscribe('orders', () => {}, { group: 'second' });
    expect(admin.calls).toEqual(['ensure orders to subscribe', 'ensure orders to subscribe']);
    expect(driver.subscriptions.map(({ spec }) => spec.group)).toEqual(['first', 'second']);
  });

  it('is made again as a dead-letter topic, which `refuse` says nothing of', async () => {
    const { bus, driver } = await aBus({ unconfiguredTopics: 'refuse', topics: { orders: {} } });
    await bus.subscribe('orders', () => Promise.reject(new Error('no')), { maxRetries: 0 });
    driver.subscriptions[0]?.deliver({ value: 'x' });
    await expect.poll(() => driver.sends.length).toBe(1);
    expect(admin.topics.get('orders.dlq')).toMatchObject({ retentionMs: 30 * 24 * 3_600_000 });
    admin.topics.delete('orders.dlq');
    driver.sends[0]?.fail(new EbusError('unknown topic', { code: 'TOPIC_NOT_FOUND' }));
    await settle();
    driver.subscriptions[0]?.deliver({ value: 'y' });
    await expect.poll(() => driver.sends.length).toBeGreaterThan(1);
    expect(admin.topics.get('orders.dlq')).toMatchObject({ retentionMs: 30 * 24 * 3_600_000 });
  });
});

describe('a driver that cannot be asked whether a topic is there', () => {
  it('is asked nothing before a publish', async () => {
    admin = new ModelAdmin();
    const { bus, driver } = await aBus({ unconfiguredTopics: 'refuse' });
    const failed = bus.publish('orders', 'x');
    driver.sends[0]?.fail(clientError('no', false));
    await expect(failed).rejects.toMatchObject({ code: 'PUBLISH_FAILED' });
    expect(admin.calls).toEqual([]);
  });
});

describe('a driver that ensures topics', () => {
  beforeEach(() => {
    admin = new ModelAdmin(['persistence', 'retentionMs', 'partitions', 'replicas']);
    admin.ensures();
  });

  it('is asked once for each topic and use, and what it made is logged', async () => {
    const { bus, driver, logged } = await aBus({ topics: { known: { partitions: 2 } } });
    admin.topics.clear();
    admin.calls.length = 0;
    const published = ['1', '2', '3'].map((text) => bus.publish('orders', text, { key: 'a' }));
    await settle();
    expect(driver.texts).toEqual(['1', '2', '3']);
    for (const send of driver.sends) send.ack();
    await Promise.all(published);
    await bus.subscribe('orders', () => {});
    await bus.subscribe('orders', () => {}, { group: 'another' });
    expect(admin.calls).toEqual(['ensure orders to publish', 'ensure orders to subscribe']);
    expect(admin.topics.get('orders')).toEqual({ name: 'orders', persistence: 'persistent' });
    const lines = logged.filter(({ args }) => /created topic 'orders'/.test(String(args[1])));
    expect(lines).toMatchObject([{ level: 'info', args: [{ topic: 'orders' }, /is not configured/] }]);
  });

  it('is not to make a topic that is to be refused, and the refusal says what to do', async () => {
    const { bus } = await aBus({ unconfiguredTopics: 'refuse' });
    await expect(bus.publish('orders', '1')).rejects.toMatchObject(
      notFound(/unconfiguredTopics is 'refuse'/),
    );
    expect(admin.topics.has('orders')).toBe(false);
  });

  it('has topics refused that cannot keep what is promised, to publishers and subscribers', async () => {
    admin.topics.set('orders', { name: 'orders', retentionKind: 'interest', heldBy: "stream 'SHARED'" });
    const { bus, driver } = await aBus();
    const refusal = {
      code: 'TOPIC_MISMATCH',
      message: expect.stringContaining("stream 'SHARED' removes messages"),
    };
    await expect(bus.publish('orders', '1')).rejects.toMatchObject(refusal);
    await expect(bus.subscribe('orders', () => {})).rejects.toMatchObject(refusal);
    expect([driver.sends, driver.subscriptions]).toEqual([[], []]);
  });

  it('has those used that only differ from what most expect, with a warning', async () => {
    admin.topics.set('orders', { name: 'orders', retentionKind: 'compaction' });
    const { bus, driver, logged } = await aBus();
    void bus.publish('orders', '1').catch(() => {});
    void bus.publish('orders', '2').catch(() => {});
    await settle();
    expect(driver.texts).toEqual(['1', '2']);
    expect(logged.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('that cannot answer now lets the broker decide, and its errors that stay are told', async () => {
    const { bus, driver } = await aBus();
    admin.before = () => {
      throw clientError('no leader', true);
    };
    void bus.publish('orders', '1').catch(() => {});
    await settle();
    expect(driver.texts).toEqual(['1']);
    admin.before = () => {
      throw clientError('not allowed', false);
    };
    await expect(bus.publish('other', '1')).rejects.toMatchObject({
      message: expect.stringContaining('not allowed'),
    });
  });
});
