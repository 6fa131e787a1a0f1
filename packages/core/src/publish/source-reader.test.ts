import { describe, expect, it, vi } from 'vitest';
import { isSource, SourceReader } from './source-reader.js';

const never = () => new AbortController().signal;

async function all<T>(source: Iterable<T> | AsyncIterable<T>, signal = never()): Promise<T[]> {
  const reader = new SourceReader(source, signal);
  const items: T[] = [];
  for (let step = await reader.next(); !step.done; step = await reader.next()) items.push(step.value);
  await reader.close();
  return items;
}

async function* numbers(): AsyncGenerator<number> {
  yield 1;
  yield 2;
}

describe('reading a source', () => {
  it('reads lists, lists of promises and asynchronous sources alike', async () => {
    expect(await all([1, 2])).toEqual([1, 2]);
    expect(await all([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2]);
    expect(await all(numbers())).toEqual([1, 2]);
  });

  it('ends when the signal aborts, also while the source does not answer, and lets the source go', async () => {
    const returned = vi.fn(async () => ({ done: true as const, value: undefined }));
    const silent = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}), return: returned }),
    };
    const abort = new AbortController();
    const reading = all(silent, abort.signal);
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    expect(await reading).toEqual([]);
    expect(returned).toHaveBeenCalledTimes(1);
  });

  it('passes on what the source throws, and does not ask it to clean up then', async () => {
    const returned = vi.fn();
    const broken = { [Symbol.iterator]: () => ({ next: () => JSON.parse('no'), return: returned }) };
    await expect(all(broken as Iterable<never>)).rejects.toThrow(SyntaxError);
    expect(returned).not.toHaveBeenCalled();
  });

  it('hears nothing of a clean-up that fails', async () => {
    const source = {
      [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }), return: () => JSON.parse('no') }),
    };
    const reader = new SourceReader(source as Iterable<number>, never());
    await reader.next();
    await expect(reader.close()).resolves.toBeUndefined();
  });
});

it.each([
  [[], true],
  [new Set(), true],
  [numbers(), true],
  ['text', false],
  [new Uint8Array(), false],
  [{}, false],
  [null, false],
])('%o can be read item by item: %s', (source, expected) => {
  expect(isSource(source)).toBe(expected);
});
