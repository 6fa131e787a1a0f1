import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkSubject, consumerName, covers, streamName, unifiedName } from './names.js';

const text = fc.string({
  unit: fc.constantFrom('a', 'B', '_', '-', '.', 'é', '€'),
  minLength: 1,
  maxLength: 8,
});

it('different topics have different streams, and different groups on them different consumers', () => {
  fc.assert(
    fc.property(text, text, text, text, (topic, other, group, another) => {
      if (topic !== other) expect(streamName(topic)).not.toBe(streamName(other));
      if (group !== another) expect(unifiedName(group)).not.toBe(unifiedName(another));
      if (topic !== other || group !== another)
        expect(consumerName(group, topic)).not.toBe(consumerName(another, other));
    }),
  );
});

it('names are as the lineage has them where they are clear, and never longer than a file name', () => {
  expect(streamName('shop.orders')).toBe('STREAM_shop_orders');
  expect(consumerName('billing', 'shop.orders')).toBe('billing-shop_orders');
  expect(consumerName('billing', 'shop.orders', '{group}-unified_{topic}')).toBe(
    'billing-unified_shop_orders',
  );
  expect(streamName('a'.repeat(500)).length).toBeLessThan(255);
});

it.each([
  ['shop.*', 'shop.orders', true],
  ['shop.*', 'shop.orders.eu', false],
  ['shop.>', 'shop.orders.eu', true],
  ['shop.>', 'shop', false],
  ['>', 'shop', true],
  ['shop.orders', 'shop.refunds', false],
])('%s takes in %s: %s', (subject, topic, taken) => {
  expect(covers(subject, topic)).toBe(taken);
});

it.each(['a..b', '.a', 'a.*', 'a.>', 'a b', '$JS.API.INFO', '_INBOX.a'])('%s is no topic', (topic) => {
  expect(() => checkSubject(topic)).toThrow(topic);
});
