/** One event, several notifications: each channel is a group of its own, with its own retries and limits. */
import { createEventBus, type EnvelopeHandler } from '@ebus/core';
import { memory } from '@ebus/memory';

// The failures here are wanted, and told below.
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const bus = await createEventBus({ type: 'memory', serviceName: 'shop' }, { plugins: [memory], logger });
/** By channel: channels do not wait for each other. */
const log: Record<string, string[]> = { email: [], push: [] };

let smtp = 0;
const email: EnvelopeHandler<{ customer: string }> = ({ payload }, { attempt }) => {
  if (++smtp === 1) throw new Error('421 try again later');
  log.email?.push(`to ${payload.customer}, attempt ${attempt}`);
};
const push: EnvelopeHandler<{ customer: string }> = ({ payload }) => {
  if (payload.customer === 'bob') throw new Error('no device');
  log.push?.push(`to ${payload.customer}`);
};

await bus.subscribeEnvelope('orders.shipped', email, {
  group: 'email',
  maxRetries: 10,
  retryBackoff: { base: 5 },
  rateLimit: { perSecond: 100 },
});
// A push message that fails is worth nothing later.
await bus.subscribeEnvelope('orders.shipped', push, {
  group: 'push',
  maxRetries: 0,
  onExhausted: 'discard',
});

bus.on('handlerError', ({ group, action, errorMessage }) => {
  log[group ?? '']?.push(`${errorMessage} (${action})`);
});
for (const customer of ['alice', 'bob']) {
  await bus.publishEnvelope('orders.shipped', {
    aggregateId: `order-of-${customer}`,
    eventType: 'OrderShipped',
    eventVersion: 1,
    payload: { customer },
  });
  await bus.idle();
}
await bus.close();
for (const [channel, lines] of Object.entries(log)) console.log(`${channel}: ${lines.join('; ')}`);
