// A bus with a health server, with nothing installed but the packages.
import assert from 'node:assert/strict';
import { createEventBus } from '@ebus/core';
import { healthHttp } from '@ebus/health-http';
import { memory } from '@ebus/memory';

const config = { type: 'memory', serviceName: 'check', healthHttp: { port: 0, host: '127.0.0.1' } };
const bus = await createEventBus(config, { plugins: [memory, healthHttp] });
const { url } = healthHttp.address(bus);
for (const path of ['livez', 'readyz', 'health']) assert.equal((await fetch(`${url}/${path}`)).status, 200);
await bus.close();
await assert.rejects(fetch(`${url}/livez`));
