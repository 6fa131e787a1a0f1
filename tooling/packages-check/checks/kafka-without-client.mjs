// Here no install script has run, so Kafka's native client has no binary, or (`--absent`) is not there at all: the adapter is
// imported all the same, and making a bus says what to do.
import assert from 'node:assert/strict';
import { createEventBus, PluginError } from '@ebus/core';
import { kafka } from '@ebus/kafka';

const config = { type: 'kafka', serviceName: 'check', kafka: { brokers: ['127.0.0.1:1'] } };
await assert.rejects(createEventBus(config, { plugins: [kafka] }), (error) => {
  assert.ok(PluginError.isInstance(error), String(error));
  assert.match(error.message, /npm (rebuild|install) @confluentinc\/kafka-javascript/);
  assert.equal(error.message.includes('npm install'), process.argv.includes('--absent'), error.message);
  return true;
});
