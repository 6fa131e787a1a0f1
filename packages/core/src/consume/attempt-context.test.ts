import { expect, it } from 'vitest';
import { createEnvelope, encodeEnvelope, type HandlerContext } from '../index.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';

const value = encodeEnvelope(
  createEnvelope({ aggregateId: 'a', eventType: 't', eventVersion: 1, payload: 1 }),
);

it('shows middleware and handlers the documented members, and nothing of the attempt behind them', async () => {
  const { bus, driver } = await scriptedBus({ serviceName: 'shop' } as never);
  const seen: HandlerContext[] = [];
  bus.use({
    consume: (context, next) => {
      seen.push(context);
      return next();
    },
  });
  await bus.subscribeEnvelope('orders', (_envelope, context) => {
    seen.push(context);
    const { extendDeadline, signal } = context;
    extendDeadline('1m');
    expect(signal.aborted).toBe(false);
  });
  driver.subscriptions[0]?.deliver({ value, key: 'a' });
  await settle();
  const [outer, inner] = seen;
  expect(outer).toBe(inner);
  const members = new Set<string>();
  for (let at = outer as object; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) members.add(name);
  }
  members.delete('constructor');
  expect([...members].sort()).toEqual(
    [
      'attempt',
      'deliveryCount',
      'extendDeadline',
      'group',
      'logger',
      'message',
      'redelivered',
      'signal',
      'topic',
    ].sort(),
  );
  expect(outer).toMatchObject({ topic: 'orders', group: 'shop', attempt: 1, redelivered: false });
  await bus.close();
});
