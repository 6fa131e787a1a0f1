// The metrics of a bus, in the registry that a service exposes anyway.
import assert from 'node:assert/strict';
import { createEventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
import { prometheus } from '@ebus/prometheus';
import { register } from 'prom-client';

const config = { type: 'memory', serviceName: 'check', metrics: { enabled: true } };
const bus = await createEventBus(config, { plugins: [memory, prometheus] });
await bus.publish('check.topic', 'hello');
assert.match(await register.metrics(), /^ebus_eventbus_publish_success_total\{topic="check\.topic"\} 1$/m);
await bus.close();
