import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TopicDescription, TopicSpec } from '../driver/topic-admin.js';
import { type ReconcileInput, reconcile } from './reconcile.js';

const supports = new Set<keyof TopicSpec>([
  'persistence',
  'retentionMs',
  'maxBytes',
  'replicas',
  'partitions',
]);
const decide = (
  written: Partial<TopicSpec>,
  actual: TopicDescription | undefined,
  more: Partial<ReconcileInput> = {},
) =>
  reconcile({
    topic: 'orders',
    written,
    persistence: written.persistence ?? 'persistent',
    actual,
    supports,
    strategy: 'createOrUpdate',
    allowPartitionIncrease: false,
    ...more,
  });

describe('reconcile', () => {
  it('creates what is missing, with the settings that the broker has', () => {
    const decision = decide(
      { persistence: 'persistent', retentionMs: 1_000, compression: 'zstd' },
      undefined,
    );
    expect(decision.create).toEqual({ persistence: 'persistent', retentionMs: 1_000 });
    expect(decision.outcome).toMatchObject({ action: 'created', unsupported: ['compression'] });
  });

  it('says where the one that is there cannot keep what is promised, whatever was written', () => {
    const interest = { name: 'orders', retentionKind: 'interest' } as const;
    expect(decide({}, interest).outcome).toMatchObject({
      action: 'mismatched',
      mismatches: [{ field: 'retention', expected: 'limits', actual: 'interest' }],
    });
    expect(decide({ persistence: 'ephemeral' }, interest).outcome.mismatches).not.toContainEqual(
      expect.objectContaining({ field: 'retention' }),
    );
  });

  it('does not miss a description where the broker has no place for one', () => {
    const { create, outcome } = decide({ retentionMs: 1_000, description: 'for people' }, undefined);
    expect(create).toEqual({ persistence: 'persistent', retentionMs: 1_000 });
    expect(outcome).toMatchObject({ action: 'created', unsupported: [] });
  });

  it.each([
    ['persistent', []],
    ['ephemeral', ['persistence']],
  ] as const)('has a topic %s where all topics are persistent, without: %j', (persistence, unsupported) => {
    const onlyRetention = { supports: new Set(['retentionMs'] as const), only: 'persistent' as const };
    expect(decide({ persistence }, undefined, onlyRetention).outcome).toMatchObject({ unsupported });
    const actual = { name: 'orders', persistence: 'persistent' } as const;
    expect(decide({ persistence }, actual, onlyRetention).outcome).toMatchObject({ unsupported });
  });

  it('changes what can be changed, and reports what cannot', () => {
    const desired: TopicSpec = { persistence: 'persistent', retentionMs: 60_000, replicas: 3, partitions: 5 };
    const actual: TopicDescription = {
      name: 'orders',
      persistence: 'persistent',
      retentionMs: 1,
      replicas: 1,
      partitions: 3,
    };
    const decision = decide(desired, actual);
    expect(decision.alter).toEqual({ retentionMs: 60_000 });
    expect(decision.outcome).toMatchObject({ action: 'mismatched', changed: ['retention'] });
    expect(
      decision.outcome.mismatches.map(({ field, expected, actual: is }) => [field, expected, is]),
    ).toEqual([
      ['replicas', 3, 1],
      ['partitions', 5, 3],
    ]);
  });

  it('adds partitions only where that is allowed, and takes them away only where the broker can', () => {
    const actual: TopicDescription = { name: 'orders', persistence: 'persistent', partitions: 3 };
    const allowed = { allowPartitionIncrease: true };
    expect(decide({ persistence: 'persistent', partitions: 5 }, actual, allowed).alter).toEqual({
      partitions: 5,
    });
    expect(decide({ persistence: 'persistent', partitions: 2 }, actual, allowed).alter).toBeUndefined();
    const less = { allowPartitionDecrease: true };
    expect(decide({ persistence: 'persistent', partitions: 2 }, actual, less).alter).toBeUndefined();
    const able = { ...less, canReducePartitions: true };
    expect(decide({ persistence: 'persistent', partitions: 2 }, actual, able).alter).toEqual({
      partitions: 2,
    });
    expect(decide({ persistence: 'persistent', partitions: 5 }, actual, able).alter).toBeUndefined();
  });

  it('never changes anything with createOnly, validateOnly and skip', () => {
    const desired: TopicSpec = { persistence: 'persistent', retentionMs: 60_000 };
    const actual: TopicDescription = { name: 'orders', persistence: 'persistent', retentionMs: 1 };
    for (const strategy of ['createOnly', 'validateOnly'] as const) {
      const { alter, outcome } = decide(desired, actual, { strategy });
      expect(alter).toBeUndefined();
      expect(outcome.mismatches[0]?.recommendation).toContain('createOrUpdate');
    }
    expect(decide(desired, undefined, { strategy: 'validateOnly' }).outcome.mismatches).toMatchObject([
      { field: 'topic' },
    ]);
    expect(decide(desired, actual, { strategy: 'skip' })).toEqual({
      outcome: { topic: 'orders', action: 'left', changed: [], mismatches: [], unsupported: [] },
    });
  });

  it('takes a retention within a second as equal', () => {
    const actual: TopicDescription = { name: 'orders', persistence: 'persistent', retentionMs: 59_001 };
    expect(decide({ persistence: 'persistent', retentionMs: 60_000 }, actual).outcome.action).toBe('left');
    expect(decide({ persistence: 'persistent', retentionMs: 60_002 }, actual).outcome.action).toBe('changed');
  });

  it('can take a limit away again, and takes none and 0 as the same', () => {
    const limited: TopicDescription = {
      name: 'orders',
      persistence: 'persistent',
      maxBytes: 1_024,
      retentionMs: 500,
    };
    const desired: TopicSpec = { persistence: 'persistent', maxBytes: 0, retentionMs: 0 };
    const { alter, outcome } = decide(desired, limited);
    expect(alter).toEqual({ maxBytes: 0, retentionMs: 0 });
    expect(outcome.changed).toEqual(['maxSize', 'retention']);
    expect(decide(desired, { name: 'orders', persistence: 'persistent' }).outcome.action).toBe('left');
    expect(decide(desired, { name: 'orders', persistence: 'persistent', maxBytes: -1 }).outcome.action).toBe(
      'left',
    );
    const limit = decide(
      { persistence: 'persistent', maxBytes: 5 },
      { name: 'orders', persistence: 'persistent' },
      {
        strategy: 'validateOnly',
      },
    );
    expect(limit.outcome.mismatches).toMatchObject([{ field: 'maxSize', expected: 5, actual: 0 }]);
  });

  it('changes a persistence only to move it, and only where it is a setting', () => {
    const actual: TopicDescription = { name: 'orders', persistence: 'persistent', retentionMs: 1 };
    const desired: TopicSpec = { persistence: 'ephemeral', retentionMs: 60_000 };
    expect(decide(desired, actual).alter).toEqual({ retentionMs: 60_000 });
    expect(decide(desired, actual).outcome.mismatches).toMatchObject([{ field: 'persistence' }]);
    expect(decide(desired, actual, { moves: { from: {}, to: {}, alone: false } }).alter).toEqual(desired);
    // As a route, the ephemeral topic has no settings, and nothing of it is looked for on the broker.
    const route = { persistenceIs: 'route', moves: { from: {}, to: {}, alone: true } } as const;
    const captured = decide(desired, { ...actual, heldBy: "stream 'ORDERS'" }, route);
    expect(captured.alter).toBeUndefined();
    expect(captured.outcome).toMatchObject({ changed: [], unsupported: ['retention'] });
    expect(captured.outcome.mismatches).toHaveLength(1);
    expect(captured.outcome.mismatches[0]?.recommendation).toContain("stream 'ORDERS'");
    for (const strategy of ['createOrUpdate', 'createOnly', 'validateOnly'] as const) {
      expect(decide(desired, undefined, { ...route, strategy })).toEqual({
        outcome: { topic: 'orders', action: 'left', changed: [], mismatches: [], unsupported: ['retention'] },
      });
    }
    expect(decide({ persistence: 'persistent' }, undefined, route).outcome.action).toBe('created');
  });

  it('never compares, and never changes, what was not written', () => {
    const actual: TopicDescription = {
      name: 'orders',
      persistence: 'ephemeral',
      retentionMs: 365 * 86_400_000,
      maxBytes: 5e9,
      replicas: 3,
      partitions: 12,
    };
    const creation: TopicSpec = { persistence: 'persistent', retentionMs: 1_000, replicas: 1, partitions: 1 };
    for (const strategy of ['createOrUpdate', 'createOnly', 'validateOnly'] as const) {
      const { alter, create, outcome } = decide({}, actual, { creation, strategy });
      expect([alter, create, outcome.action, outcome.mismatches]).toEqual([undefined, undefined, 'left', []]);
    }
    expect(decide({ maxBytes: 1 }, actual, { creation }).alter).toEqual({ maxBytes: 1 });
    expect(decide({ maxBytes: 1 }, undefined, { creation: { ...creation, maxBytes: 1 } }).create).toEqual({
      ...creation,
      maxBytes: 1,
    });
  });

  it('exchanges what one persistence brings for what the other brings, and leaves what was chosen', () => {
    const [hour, week] = [3_600_000, 7 * 24 * 3_600_000];
    const toPersistent = { from: { retentionMs: hour }, to: { retentionMs: week }, alone: true };
    const toEphemeral = { from: { retentionMs: week }, to: { retentionMs: hour }, alone: true };
    const alterOf = (retentionMs: number, moves: ReconcileInput['moves'], written = {}) =>
      decide(written, { name: 'orders', retentionMs }, { moves }).alter;
    expect(alterOf(hour, toPersistent)).toEqual({ retentionMs: week });
    expect(alterOf(week, toEphemeral)).toEqual({ retentionMs: hour });
    for (const chosen of [0, 60_000, 3 * 86_400_000, 365 * 86_400_000]) {
      expect(alterOf(chosen, toPersistent)).toBeUndefined();
      expect(alterOf(chosen, toEphemeral)).toBeUndefined();
    }
    // What is written beside the persistence is none of its business; configuring both changes both.
    expect(alterOf(week, toEphemeral, { retentionMs: 5 })).toBeUndefined();
    const both = { ...toEphemeral, alone: false };
    expect(alterOf(week, both, { persistence: 'ephemeral', retentionMs: 5_000 })).toEqual({
      retentionMs: 5_000,
    });
  });

  it('says nothing of a persistence that the broker has no notion of', () => {
    expect(decide({ persistence: 'ephemeral' }, { name: 'orders' }).outcome.action).toBe('left');
  });

  it('changes nothing for a topic that shares its settings with others', () => {
    const actual: TopicDescription = {
      name: 'orders',
      persistence: 'persistent',
      retentionMs: 1,
      heldBy: "stream 'ALL'",
      alterable: false,
    };
    const { alter, outcome } = decide({ persistence: 'persistent', retentionMs: 60_000 }, actual);
    expect(alter).toBeUndefined();
    expect(outcome.mismatches[0]?.recommendation).toContain("stream 'ALL'");
  });

  it('has nothing more to do once what it decided was done', () => {
    const spec = fc.record(
      {
        persistence: fc.constantFrom('persistent' as const, 'ephemeral' as const),
        retentionMs: fc.integer({ min: 1, max: 5_000 }),
        maxBytes: fc.integer({ min: 1, max: 3 }),
        replicas: fc.integer({ min: 1, max: 3 }),
        partitions: fc.integer({ min: 1, max: 3 }),
        description: fc.constant('text'),
      },
      { requiredKeys: ['persistence'] },
    ) as fc.Arbitrary<TopicSpec>;
    fc.assert(
      fc.property(spec, fc.option(spec, { nil: undefined }), fc.boolean(), (desired, existing, grow) => {
        const more = { allowPartitionIncrease: grow };
        const actual = existing && { name: 'orders', ...existing };
        const first = decide(desired, actual, more);
        const then = { name: 'orders', ...actual, ...first.create, ...first.alter };
        const second = decide(desired, then, more);
        expect(second.create ?? second.alter).toBeUndefined();
        expect(second.outcome.changed).toEqual([]);
        expect(second.outcome.mismatches).toEqual(first.outcome.mismatches);
      }),
    );
  });
});
