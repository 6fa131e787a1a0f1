import { describe, expect, it } from 'vitest';
import { PublishError } from '../errors.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { ModelAdmin } from '../topics/testing/model-admin.js';

const DAY_MS = 24 * 3_600_000;
const gone = () => new PublishError('the topic is gone', { code: 'TOPIC_NOT_FOUND' });
const warnings = (logged: Awaited<ReturnType<typeof scriptedBus>>['logged']) =>
  logged.filter(({ level, args }) => level === 'warn' && String(args[1]).includes('dead letters lie in'));

/** A bus on a broker with topics, whose handlers fail. */
async function failing(admin = new ModelAdmin(), config: Parameters<typeof scriptedBus>[0] = {}) {
  const driver = new ScriptedDriver();
  driver.admin = admin;
  admin.topics.set('orders', { name: 'orders' });
  const made = await scriptedBus(config, { driver });
  await made.bus.subscribe('orders', () => Promise.reject(new Error('no')), { maxRetries: 0 });
  const below = driver.subscriptions.at(-1)!;
  const deliver = async () => {
    below.deliver({ value: 'x' });
    await settle();
  };
  return { ...made, driver, admin, deliver, below };
}

describe('a dead-letter topic', () => {
  it('is made for 30 days, once', async () => {
    const { admin, deliver, driver } = await failing();
    await deliver();
    driver.sends[0]?.ack();
    await settle();
    await deliver();
    expect(admin.topics.get('orders.dlq')).toMatchObject({
      persistence: 'persistent',
      retentionMs: 30 * DAY_MS,
    });
    expect(admin.calls.filter((call) => call.endsWith('orders.dlq'))).toHaveLength(2);
  });

  it('that was deleted is made again', async () => {
    const { admin, deliver, driver, below } = await failing();
    await deliver();
    driver.sends[0]?.ack();
    await settle();
    admin.topics.delete('orders.dlq');
    await deliver();
    driver.sends[1]?.fail(gone());
    await settle();
    expect(admin.topics.has('orders.dlq')).toBe(true);
    driver.sends[2]?.ack();
    await settle();
    expect(below.settled.map(({ outcome }) => outcome)).toEqual(['dead-lettered', 'dead-lettered']);
  });

  it("holds what its topics hold, with room for the letters' headers", async () => {
    const { admin, bus, deliver } = await failing(new ModelAdmin(), {
      subscriber: { errorHandling: { deadLetterTopic: 'all.dead' } },
    });
    admin.topics.set('orders', { name: 'orders', maxMessageBytes: 1_000 });
    admin.topics.set('videos', { name: 'videos', maxMessageBytes: 10_000_000 });
    await bus.subscribe('videos', () => {});
    await deliver();
    expect(admin.topics.get('all.dead')?.maxMessageBytes).toBe(10_000_000 + 65_536);
  });

  it('is made without such a room where nobody says what its topics hold', async () => {
    const { admin, deliver } = await failing();
    admin.before = (call, topic) => {
      if (call === 'describe' && topic === 'orders') throw new Error('not allowed');
    };
    await deliver();
    expect(admin.topics.has('orders.dlq')).toBe(true);
    expect(admin.topics.get('orders.dlq')).not.toHaveProperty('maxMessageBytes');
  });

  it('that shares a place with others, which keeps less, is warned of once', async () => {
    const admin = new ModelAdmin();
    const place = { name: 'orders.dlq', heldBy: "stream 'SHOP'", alterable: false };
    admin.topics.set('orders.dlq', { ...place, retentionMs: DAY_MS, maxMessages: 1_000 });
    const { deliver, driver, logged } = await failing(admin);
    for (let n = 0; n < 3; n++) {
      await deliver();
      driver.sends[n]?.ack();
      await settle();
    }
    const [warning, ...others] = warnings(logged);
    expect(others).toEqual([]);
    expect(warning?.args[0]).toEqual({
      topic: 'orders.dlq',
      heldBy: "stream 'SHOP'",
      retentionMs: DAY_MS,
      maxMessages: 1_000,
    });
    expect(warning?.args[1]).toContain('raise the limits');
  });

  it.each([
    ['has a place of its own', { retentionMs: DAY_MS }],
    ['shares one that keeps enough', { alterable: false, retentionMs: 365 * DAY_MS }],
    ['shares one without limits', { alterable: false }],
  ])('that %s is not warned of', async (_what, description) => {
    const admin = new ModelAdmin();
    admin.topics.set('orders.dlq', { name: 'orders.dlq', ...description });
    const { deliver, logged } = await failing(admin);
    await deliver();
    expect(warnings(logged)).toEqual([]);
  });
});

it('the letter of an envelope that could not be published finds its topic made, and made again', async () => {
  const driver = new ScriptedDriver();
  const admin = new ModelAdmin();
  driver.admin = admin;
  admin.topics.set('orders', { name: 'orders' });
  const config = { publisher: { errorHandling: { deadLetterTopic: 'unsent', maxRetryAttempts: 0 } } };
  const { bus } = await scriptedBus(config, { driver });
  const event = { aggregateId: 'a', eventType: 'X', eventVersion: 1, payload: 1 };
  for (const first of [true, false]) {
    const publish = bus.publishEnvelope('orders', event);
    publish.catch(() => {});
    await settle();
    driver.sends.shift()?.fail(new PublishError('refused'));
    await settle();
    expect(driver.sends[0]?.record.topic).toBe('unsent');
    if (!first) {
      admin.topics.delete('unsent');
      driver.sends.shift()?.fail(gone());
      await settle();
    }
    expect(admin.topics.has('unsent')).toBe(true);
    driver.sends.shift()?.ack();
    await expect(publish).rejects.toThrow('refused');
  }
});

it('the topic of health probes that was deleted is made again', async () => {
  const driver = new ScriptedDriver();
  const admin = new ModelAdmin();
  driver.admin = admin;
  const { clock } = await scriptedBus(
    { healthCheck: { enabled: true, publisher: { interval: '10s' } } as never },
    { driver },
  );
  await settle();
  const topic = driver.sends[0]?.record.topic as string;
  driver.sends[0]?.ack();
  await settle();
  admin.topics.delete(topic);
  await clock.advance(10_000);
  await settle();
  driver.sends[1]?.fail(gone());
  await settle();
  expect(admin.topics.has(topic)).toBe(true);
  expect(driver.sends[2]?.record.topic).toBe(topic);
});
