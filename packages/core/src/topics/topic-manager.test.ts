import { beforeEach, describe, expect, it } from 'vitest';
import type { DriverTopicAdmin, TopicDescription, TopicSpec } from '../driver/topic-admin.js';
import { ConfigError, TopicMismatchError, UnsupportedError } from '../errors.js';
import { scriptedBus } from '../testing/scripted-bus.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';

class RecordingAdmin implements DriverTopicAdmin {
  readonly supports = new Set<keyof TopicSpec>(['persistence', 'retentionMs', 'partitions']);
  readonly topics = new Map<string, TopicDescription>();
  readonly calls: string[] = [];

  async describe(topic: string) {
    this.calls.push(`describe ${topic}`);
    return this.topics.get(topic);
  }

  async create(topic: string, spec: TopicSpec) {
    this.calls.push(`create ${topic}`);
    this.topics.set(topic, { name: topic, ...spec });
  }

  async alter(topic: string, changes: Partial<TopicSpec>) {
    this.calls.push(`alter ${topic}`);
    this.topics.set(topic, { name: topic, ...this.topics.get(topic), ...changes });
  }
}

let admin: RecordingAdmin;
beforeEach(() => {
  admin = new RecordingAdmin();
});

async function busWithAdmin(config: Parameters<typeof scriptedBus>[0] = {}) {
  const driver = new ScriptedDriver();
  driver.admin = admin;
  return scriptedBus(config, { driver });
}

describe('configuring topics', () => {
  it('creates them with the defaults for what was not said, and knows them from then on', async () => {
    const { bus } = await busWithAdmin({ topics: { orders: { partitions: 3 } } });
    expect(await bus.topics.describe('orders')).toEqual({
      name: 'orders',
      persistence: 'persistent',
      retentionMs: 7 * 24 * 3_600_000,
      partitions: 3,
    });
    expect(bus.topics.list()).toEqual(['orders']);
    expect(bus.topics.get('orders')).toMatchObject({ partitions: 3, retention: '7d' });
    expect(bus.topics.get('others')).toMatchObject({ partitions: 1, persistence: 'auto' });
    expect([bus.topics.forget('orders'), bus.topics.forget('orders')]).toEqual([true, false]);
    expect(bus.topics.list()).toEqual([]);
  });

  it('changes only what was said, and nothing the second time', async () => {
    const { bus } = await busWithAdmin();
    admin.topics.set('orders', { name: 'orders', persistence: 'persistent', retentionMs: 1, partitions: 9 });
    expect(await bus.topics.plan({ orders: { retention: '1h' } })).toMatchObject([
      { changed: ['retention'] },
    ]);
    expect(admin.calls).toEqual(['describe orders']);
    expect(await bus.topics.configure('orders', { retention: '1h' })).toMatchObject({ action: 'changed' });
    expect(await bus.topics.configure('orders', { retention: '1h' })).toMatchObject({ action: 'left' });
    expect(admin.calls.filter((call) => call === 'alter orders')).toHaveLength(1);
  });

  it('fails or warns about what differs, as told', async () => {
    const { bus, logged } = await busWithAdmin();
    admin.topics.set('orders', { name: 'orders', persistence: 'persistent', partitions: 1 });
    const fail = bus.topics.configure('orders', { partitions: 3 }, { onMismatch: 'fail' });
    await expect(fail).rejects.toThrow(TopicMismatchError);
    await expect(fail).rejects.toThrow('topic config validation failed: found 1 mismatches');
    await bus.topics.configure('orders', { partitions: 3 });
    expect(logged.at(-1)).toMatchObject({ level: 'warn' });
  });

  it('asks the broker nothing with skip, nor when publishing', async () => {
    const { bus, driver } = await busWithAdmin({
      topicConfigStrategy: 'skip',
      topics: { orders: { retention: '1h' } },
    });
    void bus.publish('orders', 'x');
    void bus.publish('others', 'x');
    for (const send of driver.sends) send.ack();
    await bus.flush();
    expect(admin.calls).toEqual([]);
  });

  it('looks at all of them before it changes anything', async () => {
    const { bus } = await busWithAdmin();
    const wrong = { first: {}, second: { partitions: 0, compression: 'zip' } } as never;
    await expect(bus.topics.apply(wrong)).rejects.toThrow(ConfigError);
    await expect(bus.topics.apply(wrong)).rejects.toMatchObject({
      problems: [{ path: 'topics.second.compression' }, { path: 'topics.second.partitions' }],
    });
    expect(admin.calls).toEqual([]);
  });

  it('says so where topics cannot be administered, or moved at run time yet', async () => {
    const { bus } = await scriptedBus();
    await expect(bus.topics.configure('orders', {})).rejects.toThrow(UnsupportedError);
    await expect(bus.topics.setPersistence('orders', false)).rejects.toThrow(UnsupportedError);
  });
});
