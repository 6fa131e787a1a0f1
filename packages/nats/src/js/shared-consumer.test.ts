import { type SubscriptionSink, type SubscriptionSpec, systemClock } from '@ebus/core/driver';
import type { ConsumerInfo } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import type { Api } from '../api.js';
import type { Consumers } from '../consumers.js';
import type { Link } from '../link.js';
import type { Streams } from '../streams.js';
import { RecordingSink } from '../testing/recording-sink.js';
import { SingleDeliveries } from './deliveries.js';
import type { JetStreamDelivery } from './delivery.js';
import { SharedConsumer, SharedSubscription } from './shared-consumer.js';
import { SharedTarget } from './shared-target.js';

const sink = {} as SubscriptionSink;
const { signal } = new AbortController();

/** The subscription to `orders`; deliveries of both topics are in hand, as topic and sequence. */
function made(held: readonly (readonly [string, number])[], isConnected = true) {
  const deliveries = new SingleDeliveries();
  for (const [topic, sequence] of held) deliveries.add({ topic, sequence } as JetStreamDelivery);
  const info = { num_ack_pending: 4, num_waiting: 1, delivered: { stream_seq: 9 } };
  const state = async () => ({ info, incarnation: 'one', seesOthers: false, unheld: 0, ownRequests: 1 });
  const shared = {
    target: new SharedTarget(['orders', 'refunds']),
    puller: {
      deliveries,
      link: isConnected ? {} : undefined,
      state,
      locator: { spec: { singleActive: true } },
    },
    options: { ackWait: 30_000 },
  } as unknown as SharedConsumer;
  return new SharedSubscription(shared, 'orders', sink, () => {});
}

it('counts no message as elsewhere that another topic holds here', async () => {
  const subscription = made([
    ['orders', 1],
    ['refunds', 2],
    ['refunds', 8],
  ]);
  expect(await subscription.unsettled({ signal })).toMatchObject({ count: 2, through: 9 });
});

it('leaves out none that came after the answer', async () => {
  expect(await made([['refunds', 10]]).unsettled({ signal })).toMatchObject({ count: 4 });
});

it('answers at once where there is no connection', async () => {
  const away = { code: 'CONNECTION_FAILED' };
  await expect(made([], false).unsettled({ signal })).rejects.toMatchObject(away);
  await expect(made([], false).lag({ signal })).rejects.toMatchObject(away);
});

it('waits for no answer longer than it is told to', async () => {
  const subscription = made([]);
  await expect(subscription.unsettled({ signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
  });
});

/** A consumer that two topics share, and a server that sends to it as the test says. */
function shared() {
  const at = { consumer_seq: 0, stream_seq: 0 };
  const counts = { num_ack_pending: 2, num_waiting: 0, num_pending: 0 };
  const delivered = { consumer_seq: 9, stream_seq: 9 };
  const info = { created: 'now', ack_floor: at, delivered, ...counts } as unknown as ConsumerInfo;
  let receive: (error: null, message: Msg) => void = () => {};
  const link = {
    isClosed: false,
    inbox: () => 'inbox',
    subscribe: (_: string, callback: typeof receive) => {
      receive = callback;
      return { isClosed: () => false, drain: async () => {}, unsubscribe: () => {} };
    },
    connection: { info: {}, publish: () => {}, request: async () => {} },
  } as unknown as Link;
  const consumer = new SharedConsumer(
    {
      ...{ consumers: { info: async () => info } as unknown as Consumers, streams: {} as unknown as Streams },
      ...{
        logger: { debug() {}, info() {}, warn() {}, error() {} },
        clock: systemClock,
        api: {} as unknown as Api,
      },
      ...{ apiPrefix: '$JS.API', maxAckPending: 1_000, ackWait: 30_000, expected: ['orders', 'refunds'] },
    },
    {
      spec: {
        ...{ stream: 'S', name: 'c', filters: ['orders', 'refunds'], durable: true },
        ...{ from: 'earliest', singleActive: false },
      },
      info,
      incarnation: 'one',
    },
  );
  const send = (subject: string, sequence: number) => {
    const reply = `$JS.ACK.S.c.1.${sequence}.${sequence}.1700000000000000000.0`;
    receive(null, { subject, reply, data: new Uint8Array(1) } as Msg);
  };
  const join = async (topic: string) => {
    const own = new RecordingSink();
    const spec = { topic, group: 'g', ordering: 'instance' } as SubscriptionSpec;
    const subscription = await consumer.join(spec, own, () => {});
    subscription.online(link);
    return { subscription, sink: own };
  };
  return { consumer, join, send };
}

it('waits for messages of a topic that came while it had no subscription', async () => {
  const { consumer, join, send } = shared();
  const orders = await join('orders');
  const refunds = await join('refunds');
  await refunds.subscription.stop();
  send('refunds', 1);
  send('refunds', 2);
  expect(await orders.subscription.unsettled({ signal })).toMatchObject({ count: 0 });
  const again = await join('refunds');
  expect(await again.subscription.unsettled({ signal })).toMatchObject({ count: 2 });
  await consumer.puller.stop();
  consumer.puller.close();
});

it('pushes messages that have come before it lets a topic go, so that they are handed back', async () => {
  const { consumer, join, send } = shared();
  await join('orders');
  const refunds = await join('refunds');
  send('refunds', 1);
  await refunds.subscription.stop();
  expect(refunds.sink.sequences).toEqual([1]);
  await consumer.puller.stop();
  consumer.puller.close();
});
