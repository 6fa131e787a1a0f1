import { describe, expect, it } from 'vitest';
import { TopicNameError } from '../errors.js';
import { validateTopicName } from '../topic-name.js';
import { type DestinationRules, destinationOf } from './letter-destination.js';

const rules = (given: Partial<DestinationRules> = {}): DestinationRules => ({
  asked: 'shop.orders',
  deadLetterTopic: 'shop.orders.dlq',
  subscribed: new Set(),
  to: new Set(),
  isShared: false,
  validateName: validateTopicName,
  ...given,
});
const shared = { deadLetterTopic: 'all.dead', isShared: true };
const kindOf = (topic: string | undefined, given: Partial<DestinationRules> = {}) =>
  destinationOf(topic, rules(given)).kind;

describe('a letter', () => {
  it.each([
    ['of the topic that was asked for', 'shop.orders', {}],
    ['of the topic that the dead-letter topic is named after', 'shop.orders', { asked: 'shop.orders.dlq' }],
    ['of the asked topic in a shared place', 'shop.orders', shared],
    ['of a topic named besides', 'shop.refunds', { to: new Set(['shop.refunds']) }],
    [
      'of a topic whose subscription dead-letters there',
      'shop.refunds',
      { ...shared, asked: 'all.dead', subscribed: new Set(['shop.refunds']) },
    ],
  ])('%s goes', (_what, topic, given) => {
    expect(kindOf(topic, given)).toBe('goes');
  });

  it.each([
    ['of another topic that shares the place', 'shop.refunds', shared],
    [
      'of another topic that is known to share the place',
      'shop.refunds',
      { subscribed: new Set(['shop.refunds']) },
    ],
  ])('%s stays, and nothing is wrong', (_what, topic, given) => {
    expect(kindOf(topic, given)).toBe('stays');
  });

  it.each([
    ['of any other topic', 'admin.commands', {}, /give to: \['admin\.commands'\]/],
    ['of any other topic in a shared place', 'admin.commands', { ...shared, asked: 'all.dead' }, /give to/],
    ['of no topic', undefined, {}, /does not say where/],
    ['of a topic that cannot be', 'shop orders', {}, /names no topic.*spaces/],
    ['of the dead-letter topic itself', 'shop.orders.dlq', { asked: 'shop.orders.dlq' }, /itself/],
  ])('%s is refused', (_what, topic, given, reason) => {
    expect(destinationOf(topic, rules(given as Partial<DestinationRules>))).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(reason),
    });
  });

  it('is shown cut and on one line where it is refused', () => {
    const name = `${'x'.repeat(5_000)}\u001b[2J`;
    const validateName = () => {
      throw new TopicNameError(name, 'no');
    };
    for (const given of [{}, { validateName }]) {
      const { reason } = destinationOf(name, rules(given)) as { reason: string };
      expect(reason.length).toBeLessThan(1_000);
      expect(reason).not.toContain('\u001b');
    }
  });
});
