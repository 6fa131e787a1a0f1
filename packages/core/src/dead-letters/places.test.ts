import { expect, it } from 'vitest';
import { ConfigError, TopicNameError } from '../errors.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { Places } from './places.js';

function made({ configuredTopic = '', of = {} as Record<string, string[]>, into = ['orders'] } = {}) {
  const driver = new ScriptedDriver();
  const refused = new AbortController();
  const places = new Places({
    driver,
    configuredTopic,
    refused: refused.signal,
    deadLetterTopicsOf: (topic) => of[topic] ?? [],
    deadLettersInto: () => into,
  });
  const topicOf = (topic: string, options = {}) => {
    const place = places.of(topic, options);
    place.release();
    return place.deadLetterTopic;
  };
  return { driver, places, refused, topicOf };
}

it.each([
  ['the topic with a suffix', {}, 'orders', 'orders.dlq'],
  ['that of its subscriptions, where they agree', { of: { orders: ['a', 'a'] } }, 'orders', 'a'],
  ['not theirs, where they do not agree', { of: { orders: ['a', 'b'] } }, 'orders', 'orders.dlq'],
  ['the configured one', { configuredTopic: 'letters' }, 'orders', 'letters'],
  [
    'a subscription before the configured one',
    { configuredTopic: 'letters', of: { orders: ['a'] } },
    'orders',
    'a',
  ],
  ['itself, where it is one by its name', {}, 'orders.dlq', 'orders.dlq'],
  ['itself, where it is the configured one', { configuredTopic: 'letters' }, 'letters', 'letters'],
])('the dead-letter topic is %s', (_, options, topic, expected) => {
  expect(made(options).topicOf(topic)).toBe(expected);
});

it('one that is named comes before all, and names are checked', () => {
  const { places, topicOf } = made({ configuredTopic: 'letters' });
  expect(topicOf('orders', { deadLetterTopic: 'mine' })).toBe('mine');
  expect(() => places.of('', {})).toThrow(TopicNameError);
  expect(() => places.of('orders', { deadLetterTopic: 'a b' })).toThrow(TopicNameError);
});

it("ends with the caller's signal, and once publishing is refused", () => {
  const { places, refused } = made();
  const caller = new AbortController();
  const [one, other] = [places.of('orders', { signal: caller.signal }), places.of('orders', {})];
  caller.abort();
  expect([one.signal.aborted, other.signal.aborted]).toEqual([true, false]);
  refused.abort();
  expect(other.signal.aborted).toBe(true);
});

it('letters may go back to where they came from, and not to where they are', () => {
  const { places } = made({ configuredTopic: 'letters' });
  const place = places.of('orders', {});
  const rules = places.rules('orders', place, { to: ['elsewhere'] });
  expect(rules).toMatchObject({ asked: 'orders', deadLetterTopic: 'letters', isShared: true });
  expect([[...rules.subscribed], [...rules.to]]).toEqual([['orders'], ['elsewhere']]);
  expect(() => places.rules('orders', place, { to: ['letters'] })).toThrow(ConfigError);
  expect(() => places.rules('orders', place, { to: ['a b'] })).toThrow(TopicNameError);
  place.release();
});

it('a topic is taken for present where nobody can be asked', async () => {
  const { places, refused } = made();
  const place = places.of('orders', {});
  expect(await places.exists(place)).toBe(true);
  refused.abort();
  await expect(places.exists(place)).rejects.toMatchObject({ code: 'ABORTED' });
});
