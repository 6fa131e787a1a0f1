import { expect, it, vi } from 'vitest';
import { deferred, isPromise, quietly } from './promise.js';

it.each<[unknown, boolean]>([
  [Promise.resolve(), true],
  [() => {}, false],
  [null, false],
  ['then', false],
  [{}, false],
])('%o is awaited: %s', (value, expected) => {
  expect(isPromise(value)).toBe(expected);
});

it('makes a promise that is settled from outside', async () => {
  const [well, ill] = [deferred<number>(), deferred()];
  well.resolve(1);
  ill.reject(new Error('no'));
  await expect(well.promise).resolves.toBe(1);
  await expect(ill.promise).rejects.toThrow('no');
});

it('hears what rejects later, so that it ends no process, and leaves other values alone', async () => {
  const heard = vi.fn();
  process.once('unhandledRejection', heard);
  quietly(Promise.reject(new Error('no')));
  quietly(5);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', heard);
  expect(heard).not.toHaveBeenCalled();
});
