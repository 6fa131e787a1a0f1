import { AckPolicy, type ConsumerInfo, type StreamConfig } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { groupFigures } from './group-figures.js';
import { partitionedStream } from './partitions/layout.js';

const naming = { topic: 'shop.orders', template: undefined, known: undefined };
const stream = { config: { subjects: ['shop.orders'] } as StreamConfig };

function consumer(name: string, filters: string[], state: Partial<ConsumerInfo> = {}): ConsumerInfo {
  return {
    name,
    config: { ack_policy: AckPolicy.Explicit, filter_subjects: filters },
    num_pending: 3,
    num_ack_pending: 0,
    num_waiting: 1,
    ack_floor: { stream_seq: 7 },
    ...state,
  } as unknown as ConsumerInfo;
}

describe('groupFigures', () => {
  it('counts messages that were not delivered, and those that were and are unsettled', () => {
    const [group] = groupFigures(
      [consumer('billing-shop_orders', ['shop.orders'], { num_ack_pending: 2 })],
      stream,
      naming,
    );
    expect(group).toEqual({
      group: 'billing',
      madeBy: 'ebus',
      members: 1,
      lag: 5,
      unsettled: 2,
      partitions: [{ partition: 0, lag: 5, position: 8 }],
      consumers: [expect.objectContaining({ name: 'billing-shop_orders', madeBy: 'ebus' })],
    });
  });

  it('shows the settings of its consumers', () => {
    const config = {
      ack_policy: AckPolicy.None,
      max_deliver: 3,
      ack_wait: 2_000_000_000,
      headers_only: true,
    };
    const more = {
      durable_name: 'x',
      inactive_threshold: 60_000_000_000,
      mem_storage: true,
      backoff: [1_000_000],
      max_bytes: 1_000,
    };
    const one = consumer('archive', [], {
      config: { ...config, ...more } as unknown as ConsumerInfo['config'],
    });
    expect(groupFigures([one], stream, naming)[0]?.consumers).toEqual([
      {
        name: 'archive',
        madeBy: 'others',
        topics: [],
        acknowledges: 'none',
        leaseMs: 1,
        backoffMs: [1],
        maxRequest: { messages: 0, bytes: 1_000, expiresMs: 0 },
        maxDeliveries: 3,
        headersOnly: true,
        inactiveMs: 60_000,
        singleActive: false,
        pushes: false,
        storage: 'memory',
      },
    ]);
  });

  it('tells consumers that have the name of one for the topic, and deliver other messages', () => {
    const only = (name: string, filters: string[]) =>
      groupFigures([consumer(name, filters)], stream, naming).map(
        ({ consumers }) => consumers?.[0]?.deliversTopicOnly,
      );
    expect(only('billing-shop_orders', ['shop.orders'])).toEqual([true]);
    expect(only('billing-shop_orders', ['shop.payments'])).toEqual([false]);
    expect(only('billing-shop_orders', [])).toEqual([false]);
    expect(only('archive', [])).toEqual([undefined]);
  });

  it('leaves out consumers of other topics, and takes those that read everything', () => {
    const names = groupFigures(
      [
        consumer('other', ['shop.payments']),
        consumer('archive', []),
        consumer('audit', ['shop.>']),
        consumer('near', ['shop.orders.eu']),
      ],
      stream,
      naming,
    ).map(({ group }) => group);
    expect(names).toEqual(['archive', 'audit']);
  });

  it('sums the partitions of a group', () => {
    const config = partitionedStream('shop.orders', 2) as StreamConfig;
    const [group, ...others] = groupFigures(
      [
        consumer('billing-shop_orders-p1', ['shop.orders.1', 'shop.orders.raw'], { num_pending: 4 }),
        consumer('billing-shop_orders-p0', ['shop.orders.0', 'shop.orders.raw'], { num_pending: 1 }),
      ],
      { config },
      naming,
    );
    expect(others).toEqual([]);
    expect(group?.lag).toBe(5);
    expect(group?.partitions.map(({ partition, lag }) => [partition, lag])).toEqual([
      [0, 1],
      [1, 4],
    ]);
  });

  it('says that others made a consumer that ebus would not make', () => {
    const [push, lazy] = groupFigures(
      [
        consumer('a-shop_orders', [], { config: { deliver_subject: 'x' } as ConsumerInfo['config'] }),
        consumer('b-shop_orders', [], { config: { ack_policy: AckPolicy.None } as ConsumerInfo['config'] }),
      ],
      stream,
      naming,
    );
    expect([push?.madeBy, lazy?.madeBy]).toEqual(['others', 'others']);
  });

  it('does not take a busy consumer without requests for abandoned', () => {
    const busy = consumer('a-shop_orders', [], { num_waiting: 0, num_ack_pending: 1 });
    const idle = consumer('b-shop_orders', [], { num_waiting: 0 });
    expect(groupFigures([busy, idle], stream, naming).map(({ members }) => members)).toEqual([undefined, 0]);
  });
});
