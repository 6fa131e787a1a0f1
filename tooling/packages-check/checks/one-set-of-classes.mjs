// The two entries of core, and `import` and `require`, share one set of classes.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const core = await import('@ebus/core');
const driver = await import('@ebus/core/driver');
const required = createRequire(import.meta.url)('@ebus/core');

assert.equal(typeof core.EbusError, 'function');
assert.equal(core.EbusError, driver.EbusError);
assert.equal(core.EbusError, required.EbusError);
for (const name of Object.keys(driver)) {
  if (name in core) assert.equal(driver[name], core[name], name);
}
