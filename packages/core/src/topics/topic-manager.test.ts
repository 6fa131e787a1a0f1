import { beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, TopicMismatchError, TopicNameError, UnsupportedError } from '../errors.js';
import { scriptedBus } from '../testing/scripted-bus.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { TopicApplyError } from './apply-error.js';
import { ModelAdmin } from './testing/model-admin.js';

let admin: ModelAdmin;
beforeEach(() => {
  admin = new ModelAdmin(['persistence', 'retentionMs', 'partitions']);
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
    expect(bus.topics.get('orders')).toEqual({ partitions: 3 });
    expect(bus.topics.get('others')).toEqual({});
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

  it('says so where topics cannot be administered', async () => {
    const { bus } = await scriptedBus();
    await expect(bus.topics.configure('orders', {})).rejects.toThrow(UnsupportedError);
    await expect(bus.topics.describe('orders')).rejects.toThrow(UnsupportedError);
    await expect(bus.topics.setPersistence('orders', false)).rejects.toThrow(UnsupportedError);
    expect(await bus.topics.configure('orders', {}, { strategy: 'skip' })).toMatchObject({ action: 'left' });
  });

  it('never updates with createOnly, also on its second call', async () => {
    const { bus } = await busWithAdmin({ topicConfigStrategy: 'createOnly' });
    expect(await bus.topics.configure('orders', { retention: '1h' })).toMatchObject({ action: 'created' });
    const second = await bus.topics.configure('orders', { retention: '2h' });
    expect(second).toMatchObject({ action: 'mismatched', mismatches: [{ field: 'retention' }] });
    expect(admin.changes).toEqual(['create orders']);
  });

  it('reports every mismatch of every topic at once with validateOnly, and changes nothing', async () => {
    const { bus } = await busWithAdmin();
    admin.topics.set('orders', { name: 'orders', persistence: 'persistent', retentionMs: 1, partitions: 1 });
    const configs = {
      orders: { retention: '1h', partitions: 3 },
      invoices: {},
      fine: { persistence: 'auto' },
    } as const;
    admin.topics.set('fine', { name: 'fine', persistence: 'persistent' });
    const how = { strategy: 'validateOnly', onMismatch: 'fail' } as const;
    const error = await bus.topics.apply(configs, how).catch((caught: unknown) => caught);
    expect(
      TopicMismatchError.isInstance(error) && error.mismatches.map(({ topic, field }) => [topic, field]),
    ).toEqual([
      ['orders', 'retention'],
      ['orders', 'partitions'],
      ['invoices', 'topic'],
    ]);
    expect((error as Error).message).toMatch(/^topic config validation failed: found 3 mismatches/);
    expect(admin.changes).toEqual([]);
    // What failed is not remembered: nothing runs that way.
    expect(bus.topics.list()).toEqual(['fine']);
  });

  it('says of each topic what went wrong, and configures the others', async () => {
    const { bus } = await busWithAdmin();
    admin.topics.set('differs', { name: 'differs', persistence: 'persistent', partitions: 1 });
    admin.before = (call, topic) => {
      if (call === 'create' && topic === 'broken')
        throw Object.assign(new Error('no disk'), { retryable: true });
    };
    const configs = { broken: {}, orders: {}, differs: { partitions: 2 } };
    const error = await bus.topics.apply(configs, { onMismatch: 'fail' }).catch((caught: unknown) => caught);
    if (!TopicApplyError.isInstance(error)) throw error;
    expect(error.message).toMatch(
      /^2 of 3 topics could not be configured: broken: .*no disk; differs: topic config/,
    );
    expect(error.failures).toMatchObject([
      { topic: 'broken', error: { code: 'TOPIC_APPLY_FAILED', retryable: true } },
      { topic: 'differs', error: { code: 'TOPIC_MISMATCH' } },
    ]);
    expect(error).toMatchObject({ code: 'TOPIC_APPLY_FAILED', retryable: false });
    expect(error.outcomes).toMatchObject([{ topic: 'orders', action: 'created' }]);
    expect(bus.topics.list()).toEqual(['orders']);
  });

  it('looks again where somebody else was faster to create it', async () => {
    const { bus } = await busWithAdmin();
    let raced = false;
    admin.before = (call) => {
      if (call !== 'create' || raced) return;
      raced = true;
      admin.topics.set('orders', { name: 'orders', persistence: 'persistent', retentionMs: 5 });
    };
    expect(await bus.topics.configure('orders', { retention: '1h' })).toMatchObject({
      action: 'changed',
      changed: ['retention'],
    });
    expect(admin.topics.get('orders')?.retentionMs).toBe(3_600_000);
  });

  it('changes again what somebody else changed back meanwhile', async () => {
    const { bus } = await busWithAdmin();
    admin.topics.set('orders', { name: 'orders', persistence: 'persistent', retentionMs: 5 });
    let lost = false;
    const alter = admin.alter.bind(admin);
    admin.alter = async (topic, changes) => {
      if (lost) return alter(topic, changes);
      lost = true;
    };
    expect((await bus.topics.configure('orders', { retention: '1h' })).changed).toEqual(['retention']);
    expect(admin.topics.get('orders')?.retentionMs).toBe(3_600_000);
  });

  it('gives up on a topic that is never there and always in the way', async () => {
    const { bus } = await busWithAdmin();
    admin.create = async () => false;
    await expect(bus.topics.configure('orders', {})).rejects.toMatchObject({ retryable: true });
  });

  it('configures 10,000 topics a few at a time', async () => {
    const { bus } = await busWithAdmin();
    admin.before = () => new Promise((resolve) => setImmediate(resolve));
    const configs = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [`topic-${i}`, { retention: '1h' }]),
    );
    const outcomes = await bus.topics.apply(configs as never);
    expect(outcomes.map(({ topic }) => topic)).toEqual(Object.keys(configs));
    expect(outcomes.every(({ action }) => action === 'created')).toBe(true);
    expect(admin.busiest).toBe(16);
    expect(bus.topics.list()).toHaveLength(10_000);
  });

  it('carries out calls for one topic in turn', async () => {
    const { bus } = await busWithAdmin();
    admin.before = () => new Promise((resolve) => setImmediate(resolve));
    const calls = ['1h', '2h', '3h'].map((retention) =>
      bus.topics.configure('orders', { retention: retention as '1h' }),
    );
    expect((await Promise.all(calls)).map(({ action }) => action)).toEqual(['created', 'changed', 'changed']);
    expect(admin.topics.get('orders')?.retentionMs).toBe(3 * 3_600_000);
    expect(bus.topics.get('orders').retention).toBe('3h');
  });
});

describe('what was not written', () => {
  const THERE = {
    name: 'orders',
    persistence: 'persistent',
    retentionMs: 365 * 86_400_000,
    maxBytes: 5e9,
    maxMessages: 1e7,
    replicas: 3,
    partitions: 12,
    compression: 'zstd',
    description: "another team's",
  } as const;
  const all = async () => {
    admin = new ModelAdmin();
    admin.topics.set('orders', THERE);
    return busWithAdmin();
  };

  it('stays as it is, whatever is called', async () => {
    const { bus } = await all();
    const { topics } = bus;
    await topics.plan({ orders: {} });
    await topics.configure('orders', {});
    await topics.apply({ orders: { retention: undefined } as never });
    await topics.configure('orders', topics.get('orders'));
    await topics.setPersistence('orders', true);
    expect(topics.get('orders')).toEqual({ persistence: 'persistent' });
    expect(admin.changes).toEqual([]);
    await topics.configure('orders', { ...topics.get('orders'), maxSize: '2GB' });
    expect(admin.topics.get('orders')).toEqual({ ...THERE, maxBytes: 2 * 1024 ** 3 });
  });

  it('stays when the persistence changes, also what was written beside it', async () => {
    const { bus } = await all();
    await bus.topics.configure('orders', { retention: '365d' });
    admin.topics.set('orders', { ...THERE, retentionMs: 1_000 });
    expect(await bus.topics.setPersistence('orders', false)).toMatchObject({ changed: ['persistence'] });
    expect(admin.topics.get('orders')).toEqual({ ...THERE, retentionMs: 1_000, persistence: 'ephemeral' });
    expect(bus.topics.get('orders')).toEqual({ retention: '365d', persistence: 'ephemeral' });
  });

  it('is left to the broker from then on where it was written before', async () => {
    const { bus, logged } = await all();
    await bus.topics.configure('orders', { retention: '30d', maxMessages: 5 });
    const before = admin.topics.get('orders');
    expect(await bus.topics.configure('orders', { maxMessages: 5 })).toMatchObject({ action: 'left' });
    expect(admin.topics.get('orders')).toEqual(before);
    expect(logged.at(-1)?.args).toEqual([
      { topic: 'orders', options: ['retention'] },
      'options are not configured any more: the broker keeps what it has',
    ]);
  });

  it('is not moved on the broker where a persistence is taken out of the configuration', async () => {
    const { bus } = await all();
    await bus.topics.configure('orders', {});
    await bus.topics.setPersistence('orders', false);
    await bus.topics.configure('orders', {});
    expect(admin.topics.get('orders')).toEqual({ ...THERE, persistence: 'ephemeral' });
  });
});

describe('what is changed on the broker', () => {
  it('is logged with what it was, as a warning where it becomes less', async () => {
    const { bus, logged } = await busWithAdmin();
    await bus.topics.configure('orders', { retention: '365d' });
    await bus.topics.configure('orders', { retention: '30d' });
    await bus.topics.configure('orders', { retention: 0 });
    await bus.topics.configure(
      'orders',
      { retention: '1h', partitions: 2 },
      { allowPartitionIncrease: true },
    );
    await bus.topics.configure('orders', { retention: '2h' });
    await bus.topics.setPersistence('orders', false);
    expect(
      logged
        .filter(({ args }) => /^(created|changed) topic/.test(String(args[1])))
        .map(({ level, args }) => [level, args[1]]),
    ).toEqual([
      ['info', "created topic 'orders' on the broker: persistence persistent, retention 365d, partitions 1"],
      ['warn', "changed topic 'orders' on the broker: retention 365d → 30d"],
      ['warn', "changed topic 'orders' on the broker: retention 30d → no limit"],
      ['warn', "changed topic 'orders' on the broker: retention no limit → 1h, partitions 1 → 2"],
      ['info', "changed topic 'orders' on the broker: retention 1h → 2h"],
      ['warn', "changed topic 'orders' on the broker: persistence persistent → ephemeral"],
    ]);
    expect(logged.find(({ level }) => level === 'warn')?.args[0]).toEqual({
      topic: 'orders',
      changes: [{ field: 'retention', from: '365d', to: '30d' }],
    });
  });
});

describe('bad input', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  it.each([
    [{ retention: -1 }, /topics\.orders\.retention: invalid duration -1/],
    [{ retention: cycle }, /retention: must be a number or text, got an object/],
    [{ maxSize: -2 }, /maxSize: invalid size -2/],
    [{ maxMessages: 1.5 }, /maxMessages: must be a positive integer, or 0 for no limit, got 1.5/],
    [{ replicas: 0 }, /replicas: must be a positive integer, got 0/],
    [{ description: cycle }, /description: must be text, got an object/],
    [{ retenton: '1h' }, /retenton: unknown key, did you mean 'retention'\?/],
    [{ zzzzzzzz: 1 }, /zzzzzzzz: unknown key; known are persistence, retention/],
    [{ compression: 'gzip', compressionLevel: 12 }, /gzip compression level must be between 1 and 9/],
    [{ persistence: Object.create(null) }, /persistence: must be one of .*, got an object/],
    [cycle, /self: unknown key/],
    [null, /topics\.orders: must be an object of options, got null/],
    ['1h', /topics\.orders: must be an object of options, got '1h'/],
    [[], /must be an object of options, got a list/],
  ])('%#: is refused before the broker is asked', async (options, message) => {
    const { bus } = await busWithAdmin();
    await expect(bus.topics.configure('orders', options as never)).rejects.toThrow(ConfigError);
    await expect(bus.topics.configure('orders', options as never)).rejects.toThrow(message);
    expect(admin.calls).toEqual([]);
  });

  it('is refused in names, in lists and in how to configure', async () => {
    const { bus } = await busWithAdmin();
    const { topics } = bus;
    await expect(topics.configure('no spaces', {})).rejects.toThrow(TopicNameError);
    await expect(topics.describe('')).rejects.toThrow(TopicNameError);
    await expect(topics.apply({ 'no spaces': {}, orders: { replica: 1 } } as never)).rejects.toMatchObject({
      problems: [{ path: 'topics.no spaces' }, { path: 'topics.orders.replica' }],
    });
    await expect(topics.apply([] as never)).rejects.toThrow(ConfigError);
    await expect(topics.apply({}, { stategy: 'skip' } as never)).rejects.toThrow(/did you mean 'strategy'/);
    await expect(topics.plan({}, { strategy: 'update' } as never)).rejects.toThrow(
      /topics\.plan: strategy must be 'skip', 'createOnly'/,
    );
    await expect(topics.configure('orders', {}, { onMismatch: 'throw' } as never)).rejects.toThrow(
      /onMismatch/,
    );
    await expect(topics.setPersistence('orders', 'yes' as never)).rejects.toThrow(/true or false/);
    expect(admin.calls).toEqual([]);
  });
});
