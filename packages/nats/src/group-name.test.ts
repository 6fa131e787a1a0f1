import { describe, expect, it } from 'vitest';
import { groupOf } from './group-name.js';
import { consumerName, unifiedName } from './names.js';

const naming = { topic: 'shop.orders', template: undefined, known: undefined };

describe('groupOf', () => {
  it('finds the group in the names that ebus gives', () => {
    for (const topic of ['shop.orders', 'shop-orders', 'shop_orders'])
      for (const group of ['billing', 'billing-2', 'a_b', 'billing-shop_orders']) {
        expect(groupOf(consumerName(group, topic), { ...naming, topic })).toEqual({ group, isOurs: true });
      }
    expect(groupOf(unifiedName('billing'), naming)).toEqual({ group: 'billing', isOurs: true });
  });

  it('finds it with partitions, former layouts and members that are no group', () => {
    const base = consumerName('billing', 'shop.orders');
    expect(groupOf(`${base}-p3`, naming)).toEqual({ group: 'billing', partition: 3, isOurs: true });
    expect(groupOf(`${base}-p0-2`, naming)).toEqual({ group: 'billing', partition: 0, isOurs: true });
    expect(groupOf(`${base}-all-1`, naming)).toEqual({ group: 'billing', isOurs: true });
    expect(groupOf(`${base}-J8K2ABCDEFGHIJKLMNOPQR`, naming)).toEqual({ group: 'billing', isOurs: true });
  });

  it('follows the configured template', () => {
    const template = 'svc_{topic}_{group}';
    const name = consumerName('billing', 'shop.orders', template);
    expect(groupOf(name, { ...naming, template })).toEqual({ group: 'billing', isOurs: true });
  });

  it('knows the configured group where a name does not tell it', () => {
    const odd = { topic: 'shop/orders', template: undefined, known: 'Rechnung (süd)' };
    const name = consumerName(odd.known, odd.topic);
    expect(groupOf(name, odd)).toEqual({ group: odd.known, isOurs: true });
    expect(groupOf(`${name}-p1`, odd)).toEqual({ group: odd.known, partition: 1, isOurs: true });
  });

  it('takes any other consumer for a group of its own', () => {
    expect(groupOf('archive', naming)).toEqual({ group: 'archive', isOurs: false });
    expect(groupOf('billing-shop_payments', naming)).toEqual({
      group: 'billing-shop_payments',
      isOurs: false,
    });
  });
});
