// The same from CommonJS.
const assert = require('node:assert/strict');
const { createEventBus } = require('@ebus/core');
const { memory } = require('@ebus/memory');

async function main() {
  const bus = await createEventBus({ type: 'memory', serviceName: 'check' }, { plugins: [memory] });
  const texts = [];
  await bus.subscribe('check.topic', (message) => {
    texts.push(message.text());
  });
  await bus.publish('check.topic', 'hello');
  await bus.idle();
  await bus.close();
  assert.deepEqual(texts, ['hello']);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
