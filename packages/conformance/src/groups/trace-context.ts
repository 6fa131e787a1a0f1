/** W3C trace context travels with the message, whether or not an OpenTelemetry SDK is there. */
import assert from 'node:assert/strict';
import type { Message } from '@ebus/core';
import { redriving } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectMessages } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';

const context = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
  baggage: 'userId=alice,serverNode=DF%2028',
};

/** `traceparent` and `tracestate` arrive unchanged, in dead letters and after a redrive as well. */
export const traceContext: Group = ({ test, testWhere }) => {
  test('it arrives as it was published', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle, { concurrency: 1 });
    await bus.publish(t.topic, 'hello', { headers: context });
    await bus.publishEnvelope(t.topic, event('order-1', 1), { headers: context });
    await t.eventually(() => seen.size === 2);
    for (const message of seen.items) assertContext(message);
  });

  test('a dead letter keeps it', async (t) => {
    const bus = await t.bus();
    const failing = () => {
      throw new Error('broken');
    };
    const subscription = await bus.subscribe(t.topic, failing, { maxRetries: 0, onExhausted: 'dead-letter' });
    await bus.publish(t.topic, 'hello', { headers: context });
    await t.eventually(() => subscription.stats().deadLettered === 1);
    for (const letter of await t.deadLetters(bus)) assertContext(letter);
  });

  testWhere(redriving, 'so does what is redriven', async (t) => {
    const bus = await t.bus();
    const handled: Message[] = [];
    let broken = true;
    const handler = (message: Message) => {
      if (broken) throw new Error('broken');
      handled.push(message);
    };
    const how = { maxRetries: 0, onExhausted: 'dead-letter' } as const;
    const subscription = await bus.subscribe(t.topic, handler, how);
    await bus.publish(t.topic, 'hello', { headers: context });
    await t.eventually(() => subscription.stats().deadLettered === 1);
    broken = false;
    await bus.deadLetters.redrive(t.topic);
    await t.eventually(() => handled.length === 1);
    for (const message of handled) assertContext(message);
  });
};

function assertContext({ headers }: Message): void {
  for (const [name, value] of Object.entries(context)) assert.deepEqual(headers.getAll(name), [value]);
}
