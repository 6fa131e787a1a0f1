// A message goes round, with nothing installed but the packages.
import assert from 'node:assert/strict';
import { createEventBus } from '@ebus/core';
import { memory } from '@ebus/memory';

const bus = await createEventBus({ type: 'memory', serviceName: 'check' }, { plugins: [memory] });
const texts = [];
await bus.subscribe('check.topic', (message) => {
  texts.push(message.text());
});
await bus.publish('check.topic', 'hello');
await bus.idle();
await bus.close();
assert.deepEqual(texts, ['hello']);
