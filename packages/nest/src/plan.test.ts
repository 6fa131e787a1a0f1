import { describe, expect, it } from 'vitest';
import type { OnEventOptions } from './on-event.js';
import { type Found, planOf } from './plan.js';

const found = (name: string, options: OnEventOptions = {}, kind: Found['kind'] = 'envelope'): Found => ({
  name,
  topic: 'orders',
  kind,
  options,
  handle: () => name,
});

describe('planOf', () => {
  it('makes one subscription for each topic and group', () => {
    const plan = planOf([
      found('a', { eventType: 'A', concurrency: 5 }),
      found('b', { eventType: 'B' }),
      found('c', { group: 'audit' }),
    ]);
    expect(plan).toMatchObject([
      { kind: 'envelope', options: { concurrency: 5 } },
      { kind: 'envelope', options: { group: 'audit' } },
    ]);
    expect(plan[0]?.options).not.toHaveProperty('eventType');
  });

  it.each([
    ['two for all types', [found('a'), found('b')], 'a, b share'],
    [
      'all types and one',
      [found('a', { eventType: 'A' }), found('b')],
      'only methods that name an eventType',
    ],
    [
      'one type twice',
      [found('a', { eventType: 'A' }), found('b', { eventType: 'A' })],
      "two of them handle 'A'",
    ],
    [
      'messages and envelopes',
      [found('a', { eventType: 'A' }), found('b', {}, 'message')],
      'a group of its own',
    ],
    [
      'different options',
      [found('a', { eventType: 'A', concurrency: 1 }), found('b', { eventType: 'B', concurrency: 2 })],
      "they differ in 'concurrency'",
    ],
  ])('refuses %s', (_what, all, message) => {
    expect(() => planOf(all)).toThrow(message);
  });
});
