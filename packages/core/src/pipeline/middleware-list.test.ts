import { expect, it, vi } from 'vitest';
import { MiddlewareList } from './middleware-list.js';

it('keeps middleware in the order of registration, and tells who composes it', () => {
  const list = new MiddlewareList();
  const [onPublish, onConsume] = [vi.fn(), vi.fn()];
  list.onPublishChange(onPublish);
  list.onConsumeChange(onConsume);
  const [publish, consume] = [vi.fn(), vi.fn()];
  list.add({ publish });
  list.add({ publish, consume });
  expect([list.publish, list.consume]).toEqual([[publish, publish], [consume]]);
  expect([onPublish.mock.calls.length, onConsume.mock.calls.length]).toEqual([2, 1]);
});

it.each([[() => {}], [{}], [null], [{ publish: 5 }], [{ onPublish: () => {} }]])(
  'refuses %o, and says how',
  (wrong) => {
    const list = new MiddlewareList();
    expect(() => list.add(wrong as never)).toThrow(/use/);
    expect(list.publish).toEqual([]);
  },
);
