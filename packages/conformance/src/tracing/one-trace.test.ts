import { memory } from '@ebus/memory';
import { it } from 'vitest';
import { expectOneTrace } from '../testing/one-trace.js';

it('from publish to redrive it is one trace, over two services', async () => {
  await expectOneTrace({ type: 'memory', memory: { broker: 'one-trace' } }, memory);
});
