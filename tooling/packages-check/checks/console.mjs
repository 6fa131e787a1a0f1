// The console's page and its data, with nothing installed but the packages: the page needs no files beside the modules.
import assert from 'node:assert/strict';
import { createEventBus } from '@ebus/core';
import { healthHttp } from '@ebus/health-http';
import { memory } from '@ebus/memory';

const healthHttpSection = { port: 0, host: '127.0.0.1', ui: {} };
const config = { type: 'memory', serviceName: 'check', healthHttp: healthHttpSection };
const bus = await createEventBus(config, { plugins: [memory, healthHttp] });
const { console: url } = healthHttp.address(bus);
const page = await (await fetch(url)).text();
assert.match(page, /<style>.{5000,}<\/style>/s);
assert.match(page, /<script>.{15000,}<\/script>/s);
const letters = await fetch(`${url}/api/letters?topic=orders.dlq`, { headers: { 'x-ebus-console': '1' } });
assert.equal((await letters.json()).total, 0);
await bus.close();
