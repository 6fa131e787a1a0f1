import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers } from '../names.js';
import {
  everySubject,
  holdsOnly,
  isLayoutTransform,
  layoutsOf,
  partitionedStream,
  partitionSubjects,
  presentLayout,
  rawSubject,
  repartitioned,
  subjectOf,
} from './layout.js';

const plain = { subjects: ['shop.orders'], metadata: {} };

describe('layouts of a topic', () => {
  it('a topic that was never partitioned has one subject, its own', () => {
    const layout = presentLayout('shop.orders', plain);
    expect(layout).toMatchObject({ partitions: 1, generation: 0 });
    expect([subjectOf(layout, 0), rawSubject(layout), everySubject(layout)]).toEqual([
      'shop.orders',
      'shop.orders',
      'shop.orders',
    ]);
  });

  it.each([
    ['taken off', {}],
    ['changed', { 'ebus.partitions': '7' }],
  ])('is known by its subjects where the history was %s', (_, metadata) => {
    const made = partitionedStream('shop.orders', 4);
    const later = repartitioned('shop.orders', repartitioned('shop.orders', plain, 4), 8);
    const back = repartitioned('shop.orders', made, 1);
    for (const config of [made, later, back]) {
      const { partitions, space } = presentLayout('shop.orders', config);
      const damaged = { ...config, metadata };
      expect(presentLayout('shop.orders', damaged)).toMatchObject({ partitions, space });
      expect([holdsOnly('shop.orders', damaged), isLayoutTransform('shop.orders', damaged)]).toEqual([
        true,
        true,
      ]);
      const next = presentLayout('shop.orders', repartitioned('shop.orders', damaged, 3));
      expect([next.partitions, next.space]).toEqual([3, (space ?? -1) + 1]);
    }
    // Another's transform, and subjects that are no layout.
    const subject_transform = { src: 'shop.orders', dest: 'shop.other' };
    expect(presentLayout('shop.orders', { ...made, metadata, subject_transform }).partitions).toBe(1);
    expect(presentLayout('shop.orders', { ...made, metadata, subjects: ['shop.>'] }).partitions).toBe(1);
  });

  it.each([
    ['made with partitions', partitionedStream('shop.orders', 12)],
    ['partitioned later', repartitioned('shop.orders', plain, 12)],
  ])('%s: one subject for each partition, and raw records beside them', (_, config) => {
    expect(config.subjects).toEqual([
      'shop.orders',
      ...[...Array(12).keys()].map((one) => `shop.orders.${one}`),
    ]);
    expect(config.subjects.some((one) => covers(one, 'shop.orders.dlq'))).toBe(false);
    expect(config.subject_transform).toEqual({ src: 'shop.orders', dest: 'shop.orders.raw' });
    const layout = presentLayout('shop.orders', config);
    expect(layout.partitions).toBe(12);
    expect(partitionSubjects(layout, 3)).toEqual(['shop.orders.3', 'shop.orders.raw']);
    expect([holdsOnly('shop.orders', config), isLayoutTransform('shop.orders', config)]).toEqual([
      true,
      true,
    ]);
  });

  it('back to one: everything in one partition, and nothing under the name of before', () => {
    const config = repartitioned('shop.orders', partitionedStream('shop.orders', 12), 1);
    const layout = presentLayout('shop.orders', config);
    expect(partitionSubjects(layout, 0)).toEqual(['shop.orders.0.1']);
    expect(config.subjects).toEqual(['shop.orders', 'shop.orders.0.1']);
  });

  it('what others wrote there is no layout', () => {
    const metadata = { 'ebus.partitions': '12' };
    expect(presentLayout('shop.orders', { subjects: ['shop.>'], metadata }).partitions).toBe(1);
    expect(
      presentLayout('shop.orders', { subjects: ['shop.orders'], metadata: { 'ebus.partitions': 'x' } })
        .partitions,
    ).toBe(1);
    expect(
      isLayoutTransform('shop.orders', { ...plain, subject_transform: { src: 'shop.orders', dest: 'x' } }),
    ).toBe(false);
  });

  it('property: whatever the changes, no stored subject belongs to two layouts, and the history is kept', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }),
        ([first = 1, ...changes]) => {
          let config = first === 1 ? plain : partitionedStream('shop.orders', first);
          for (const partitions of changes)
            config = repartitioned('shop.orders', config, partitions) as typeof plain;
          const layouts = layoutsOf('shop.orders', config);
          expect(layouts.map(({ partitions }) => partitions)).toEqual([first, ...changes]);
          for (const one of layouts) {
            const stored = [...Array(one.partitions).keys()].map((partition) => subjectOf(one, partition));
            for (const subject of [...stored, rawSubject(one)]) {
              const owners = layouts.filter((layout) => covers(everySubject(layout), subject));
              expect(owners).toEqual([one]);
            }
          }
        },
      ),
    );
  });
});
