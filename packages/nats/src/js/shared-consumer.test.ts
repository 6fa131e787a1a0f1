import type { SubscriptionSink } from '@ebus/core/driver';
import { expect, it } from 'vitest';
import { Deliveries } from './deliveries.js';
import type { JetStreamDelivery } from './delivery.js';
import { type SharedConsumer, SharedSubscription } from './shared-consumer.js';
import { SharedTarget } from './shared-target.js';

const sink = {} as SubscriptionSink;
const { signal } = new AbortController();

/** The subscription to `orders`; deliveries of both topics are in hand, as topic and sequence. */
function made(held: readonly (readonly [string, number])[], isConnected = true) {
  const deliveries = new Deliveries();
  for (const [topic, sequence] of held) deliveries.add({ topic, sequence } as JetStreamDelivery);
  const info = { num_ack_pending: 4, num_waiting: 1, delivered: { stream_seq: 9 } };
  const state = async () => ({ info, incarnation: 'one', seesOthers: false, refused: 0, ownRequests: 1 });
  const shared = {
    target: new SharedTarget(['orders', 'refunds']),
    puller: { deliveries, isConnected, state, locator: { spec: { singleActive: true } } },
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
