import { expect, it } from 'vitest';
import { timeoutSignal } from './timeout-signal.js';

it.each([0, 0.4, 4990.213635, 1e15, -3])('takes %s ms', (ms) => {
  expect(timeoutSignal(ms).aborted).toBe(false);
});

it('aborts after a fraction of a millisecond', async () => {
  const signal = timeoutSignal(0.2);
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  expect(signal.reason).toHaveProperty('name', 'TimeoutError');
});
