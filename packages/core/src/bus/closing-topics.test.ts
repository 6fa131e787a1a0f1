import { expect, it, vi } from 'vitest';
import type { TopicManager } from '../topics/types.js';
import { untilClosing } from './closing-topics.js';

function guarded() {
  const closing = new AbortController();
  const describe = vi.fn(() => new Promise<never>(() => {}));
  const topics = { describe, get: () => ({ retention: '1h' }), list: () => ['orders'], forget: () => true };
  for (const method of ['configure', 'setPersistence', 'apply', 'plan', 'watch'])
    Object.assign(topics, { [method]: async () => method });
  return { closing, describe, topics: untilClosing(topics as unknown as TopicManager, closing.signal) };
}

it('lets questions through until the bus closes, and gives up those under way then', async () => {
  const { closing, topics, describe } = guarded();
  await expect(topics.apply({})).resolves.toBe('apply');
  const asked = topics.describe('orders');
  closing.abort();
  await expect(asked).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  await expect(topics.describe('orders')).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  expect(describe).toHaveBeenCalledTimes(1);
});

it('answers what it knows by itself also then', () => {
  const { closing, topics } = guarded();
  closing.abort();
  expect([topics.list(), topics.get('orders'), topics.forget('orders')]).toEqual([
    ['orders'],
    { retention: '1h' },
    true,
  ]);
});
