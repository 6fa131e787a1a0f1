import { AckPolicy, type ConsumerConfig } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { type ConsumerSpec, newConsumer, planConsumer, SINGLE_ACTIVE } from './consumer-plan.js';

const settings = { ackWait: 30_000, maxAckPending: 1_000, maxWaiting: 512, replayPolicy: 'instant' } as const;
const spec: ConsumerSpec = {
  stream: 'SHOP',
  name: 'billing-shop_orders',
  filters: ['shop.orders'],
  durable: true,
  from: 'earliest',
  singleActive: false,
};
const made = (changes: Partial<ConsumerConfig> = {}, of = spec) => ({
  ...newConsumer(of, settings),
  ...changes,
});
const plan = (changes: Partial<ConsumerConfig>, of = spec) => planConsumer(of, settings, made(changes));

describe('a consumer that is there', () => {
  it('is used as it is where it is what ebus makes', () => {
    expect(plan({})).toEqual({ act: 'use' });
    expect(
      planConsumer({ ...spec, singleActive: true }, settings, made({}, { ...spec, singleActive: true })),
    ).toEqual({
      act: 'use',
    });
    expect(
      planConsumer({ ...spec, durable: false }, settings, made({}, { ...spec, durable: false })),
    ).toEqual({
      act: 'use',
    });
  });

  it('keeps where it began, how it replays and how many may ask', () => {
    expect(
      plan({ deliver_policy: 'new', replay_policy: 'original', max_waiting: 5 } as Partial<ConsumerConfig>),
    ).toEqual({
      act: 'use',
    });
  });

  it.each([
    ['ack_wait', 1e9, 30e9],
    ['max_ack_pending', 5, 1_000],
    ['max_deliver', 3, -1],
    ['backoff', [1e9, 2e9], []],
    ['headers_only', true, false],
    ['max_batch', 1, 0],
    ['max_bytes', 1_000, 0],
    ['max_expires', 1e6, 0],
    ['inactive_threshold', 1e9, 0],
  ])('is changed where it is set otherwise: %s', (key, is, wanted) => {
    expect(plan({ [key]: is })).toEqual({ act: 'change', changes: { [key]: wanted } });
  });

  it.each([
    ['another ack policy', { ack_policy: 'none' }, /ack policy 'none' and not 'explicit'/],
    ['push', { deliver_subject: 'x' }, /push/],
    ['a position in memory', { mem_storage: true }, /memory/],
    ['other topics', { filter_subject: 'shop.>' }, /delivers shop.>/],
    ['one topic more', { filter_subject: '', filter_subjects: ['shop.orders', 'shop.stock'] }, /shop.stock/],
    ['everything', { filter_subject: '' }, /everything/],
  ])('is refused: %s', (_, changes, why) => {
    expect(plan(changes as Partial<ConsumerConfig>)).toMatchObject({
      act: 'refuse',
      why: expect.stringMatching(why),
    });
  });

  it('is refused with the ack policy of another configuration, which is a remedy', () => {
    expect(plan({ ack_policy: AckPolicy.All })).toMatchObject({
      act: 'refuse',
      remedy: "set nats.jetstream.consumer.ackPolicy to 'all'",
    });
    const byPrefix = { ...spec, ackPolicy: 'all' } as const;
    expect(plan({}, byPrefix)).toMatchObject({ remedy: expect.stringContaining("'explicit'") });
    expect(planConsumer(byPrefix, settings, made({}, byPrefix))).toEqual({ act: 'use' });
    expect(newConsumer(byPrefix, settings).ack_policy).toBe(AckPolicy.All);
  });

  it('gets and loses its single active client', () => {
    expect(plan({}, { ...spec, singleActive: true })).toMatchObject({
      act: 'change',
      changes: { priority_groups: [SINGLE_ACTIVE], priority_policy: 'pinned_client' },
    });
    expect(planConsumer(spec, settings, made({}, { ...spec, singleActive: true }))).toEqual({
      act: 'change',
      changes: { priority_groups: undefined, priority_policy: undefined, priority_timeout: undefined },
    });
  });
});
