import { expect, it } from 'vitest';
import { type Owner, VirtualTime } from './virtual-time.js';

it('timers of a process that was stopped fire in their order, also where another one computes beyond its waking', async () => {
  const time = new VirtualTime();
  const stopped: Owner = { name: 'stopped', alive: true };
  const fired: string[] = [];
  time.at(1, () => fired.push('first'), stopped);
  time.at(2, () => time.compute(100));
  time.at(3, () => fired.push('second'), stopped);
  time.at(4, () => fired.push('third'), stopped);
  time.freeze(stopped, 10);
  await time.run(() => fired.length === 3, 1_000);
  expect(fired).toEqual(['first', 'second', 'third']);
});
