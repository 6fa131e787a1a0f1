import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseDuration } from '../duration.js';
import { ConfigError } from '../errors.js';
import { scriptedBus } from '../testing/scripted-bus.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { TopicGovernance, type TopicRule } from './governance.js';
import { ModelAdmin } from './testing/model-admin.js';
import type { TopicOptions } from './types.js';

const governance = new TopicGovernance([
  { pattern: 'business.**', minReplicas: 3, requiredPersistence: 'persistent' },
  { pattern: '**', maxRetention: '30d' },
]);

describe('TopicGovernance', () => {
  it('says what is violated', () => {
    const violations = governance.check('business.orders', { retention: '31d', persistence: 'ephemeral' });
    expect(violations.map(({ message }) => message)).toEqual([
      'topic business.orders requires at least 3 replicas, got 1',
      'topic business.orders requires persistence persistent, got ephemeral',
      'topic business.orders allows a retention of at most 30d, got 31d',
    ]);
    expect(violations[0]).toMatchObject({ rule: 'business.**', field: 'replicas', required: 3, actual: 1 });
    expect(governance.check('other', {})).toEqual([]);
    expect(governance.check('other', { retention: 0 })[0]?.message).toMatch(/got no limit$/);
  });

  it('mends just what is violated', () => {
    const options: TopicOptions = { partitions: 5, retention: '60d' };
    expect(governance.fix('business.orders', options)).toEqual({
      partitions: 5,
      replicas: 3,
      persistence: 'persistent',
      retention: parseDuration('30d'),
    });
    expect(options).toEqual({ partitions: 5, retention: '60d' });
    expect(governance.fix('other', { retention: '1d' })).toEqual({ retention: '1d' });
  });

  it('leaves nothing to mend after mending, whatever the rules, unless they contradict each other', () => {
    const rule = fc.record(
      {
        pattern: fc.constantFrom('**', 'a.*', 'a.b'),
        minReplicas: fc.integer({ min: 1, max: 5 }),
        maxRetention: fc.integer({ min: 1, max: 1e9 }),
        requiredPersistence: fc.constant('persistent' as const),
      },
      { requiredKeys: ['pattern'] },
    ) as fc.Arbitrary<TopicRule>;
    const options = fc.record(
      { replicas: fc.integer({ min: 1, max: 5 }), retention: fc.integer({ min: 0, max: 2e9 }) },
      { requiredKeys: [] },
    ) as fc.Arbitrary<TopicOptions>;
    fc.assert(
      fc.property(fc.array(rule), options, (rules, given) => {
        const made = new TopicGovernance(rules);
        expect(made.check('a.b', made.fix('a.b', given))).toEqual([]);
      }),
    );
  });

  it('refuses rules that cannot be, all at once', () => {
    const wrong = [
      { pattern: 'a..b', minReplicas: 0 },
      { pattern: 'a', maxRetention: 'soon', minReplica: 2 },
      { pattern: 'a', requiredPersistence: 'auto' },
    ];
    const make = () => new TopicGovernance(wrong as never);
    expect(make).toThrow(ConfigError);
    for (const part of [
      'rules.0.pattern',
      'rules.0.minReplicas',
      "unknown option 'minReplica', did you mean 'minReplicas'",
      'rules.1.maxRetention',
      'rules.2.requiredPersistence',
    ])
      expect(make).toThrow(part);
  });
});

describe('a bus with governance', () => {
  let admin: ModelAdmin;
  beforeEach(() => {
    admin = new ModelAdmin();
  });
  const governed = (config = {}, given: TopicGovernance | null = governance) => {
    const driver = new ScriptedDriver();
    driver.admin = admin;
    return scriptedBus(config, { driver, ...(given === null ? {} : { governance: given }) });
  };

  it('refuses to configure what violates a rule, before it asks the broker', async () => {
    const { bus } = await governed();
    const configure = bus.topics.configure('business.orders', { replicas: 2 });
    await expect(configure).rejects.toThrow('topic business.orders requires at least 3 replicas, got 2');
    await expect(
      bus.topics.apply({ 'business.orders': {}, other: { retention: '31d' } }),
    ).rejects.toMatchObject({
      problems: [{ path: 'topics.business.orders.replicas' }, { path: 'topics.other.retention' }],
    });
    await expect(bus.topics.setPersistence('business.orders', false)).rejects.toThrow(/requires persistence/);
    await expect(bus.topics.plan({ 'business.orders': {} })).rejects.toThrow(ConfigError);
    expect(admin.calls).toEqual([]);
    // `auto` is persistent here.
    expect(await bus.topics.configure('business.orders', { replicas: 3 })).toMatchObject({
      action: 'created',
    });
  });

  it('refuses a configuration with such topics', async () => {
    await expect(governed({ topics: { 'business.orders': {} } })).rejects.toThrow(
      /requires at least 3 replicas/,
    );
  });

  it('creates dead-letter topics so that they keep the rules', async () => {
    const rules = new TopicGovernance([{ pattern: '**.dlq', minReplicas: 2, maxRetention: '10d' }]);
    const { bus, driver } = await governed({}, rules);
    await bus.subscribe('orders', () => Promise.reject(new Error('no')), { maxRetries: 0 });
    driver.subscriptions[0]?.deliver({ value: 'x' });
    await expect.poll(() => driver.sends.length).toBe(1);
    expect(admin.topics.get('orders.dlq')).toMatchObject({ replicas: 2, retentionMs: parseDuration('10d') });
  });

  it('is enforced on what is configured, with and without mending', async () => {
    const { bus } = await governed({ topics: { 'business.orders': { retention: '1h' }, other: {} } }, null);
    const look = await governance.enforce(bus, { fix: false });
    expect(look.checked).toEqual(['business.orders', 'other']);
    expect(look.violations.map(({ topic, field }) => [topic, field])).toEqual([
      ['business.orders', 'replicas'],
      ['business.orders', 'persistence'],
    ]);
    expect(look.remaining).toEqual(look.violations);
    const mended = await governance.enforce(bus, { fix: true });
    expect(mended.fixed).toMatchObject([{ topic: 'business.orders', action: 'mismatched' }]);
    expect(mended.remaining).toEqual([]);
    expect(admin.changes).toEqual(['create business.orders', 'create other']);
    expect(bus.topics.get('business.orders')).toMatchObject({
      replicas: 3,
      persistence: 'persistent',
      retention: '1h',
    });
  });

  it('looks at what the broker has where nothing was written, and touches only what violates a rule', async () => {
    const rules = new TopicGovernance([{ pattern: '**', minReplicas: 2, maxRetention: '30d' }]);
    const there = { persistence: 'persistent', replicas: 3, partitions: 5, maxBytes: 5e9 } as const;
    admin.topics.set('year', { ...there, name: 'year', retentionMs: parseDuration('365d') });
    admin.topics.set('day', { ...there, name: 'day', retentionMs: parseDuration('1d') });
    admin.topics.set('ever', { ...there, name: 'ever' });
    const { bus } = await governed({ topics: { year: { partitions: 5 }, day: {}, ever: {} } }, null);
    const { violations, remaining } = await rules.enforce(bus, { fix: true });
    expect(violations.map(({ message }) => message)).toEqual([
      'topic year allows a retention of at most 30d, got 365d',
      'topic ever allows a retention of at most 30d, got no limit',
    ]);
    expect(remaining).toEqual([]);
    expect(admin.changes).toEqual(['alter year', 'alter ever']);
    expect(admin.topics.get('year')).toEqual({ ...there, name: 'year', retentionMs: parseDuration('30d') });
    expect(bus.topics.get('year')).toEqual({ partitions: 5, retention: parseDuration('30d') });
    expect(bus.topics.get('day')).toEqual({});
  });
});
