/** An audit log: a group of its own sees every message of every topic, as bytes, and whatever its type. */
import { createHash } from 'node:crypto';
import { createEventBus, type Message } from '@ebus/core';
import { memory } from '@ebus/memory';

const bus = await createEventBus({ type: 'memory', serviceName: 'shop' }, { plugins: [memory] });

/** Append-only; each entry holds the digest of the one before it, so that none can be changed later. */
const log: { topic: string; type: string; digest: string }[] = [];
function append(message: Message): void {
  const digest = createHash('sha256')
    .update(log.at(-1)?.digest ?? '')
    .update(message.topic)
    .update(message.data)
    .digest('hex');
  log.push({ topic: message.topic, type: message.headers.get('X-Event-Type') ?? 'message', digest });
}

// One at a time and from the beginning; a full disk stops the log, and loses nothing.
for (const topic of ['orders', 'payments']) {
  await bus.subscribe(topic, append, {
    group: 'audit',
    from: 'earliest',
    concurrency: 1,
    onExhausted: 'halt',
  });
}

const event = { aggregateId: 'order-1', eventVersion: 1, payload: { total: 42 } };
await bus.publishEnvelope('orders', { ...event, eventType: 'OrderPlaced' });
await bus.idle();
await bus.publishEnvelope('payments', { ...event, eventType: 'PaymentReceived' });
await bus.publish('payments', 'not an event');

await bus.idle();
for (const { topic, type } of log) console.log(`${topic}: ${type}`);
console.log(`${new Set(log.map(({ digest }) => digest)).size} digests`);
await bus.close();
