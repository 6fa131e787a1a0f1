import { expect, it } from 'vitest';
import { interleaved } from './interleaved.js';
import type { KafkaDelivery } from './partition.js';

const [a, b] = [{}, {}];
const of = (partition: object, ...names: string[]) =>
  names.map((name) => ({ partition, name }) as unknown as KafkaDelivery);
const namesOf = (batch: readonly KafkaDelivery[]) =>
  batch.map((one) => (one as unknown as { name: string }).name).join(' ');

it('takes the partitions in turn, each in log order, as long as they have messages', () => {
  expect(namesOf(interleaved([...of(a, 'a1', 'a2', 'a3'), ...of(b, 'b1'), ...of(a, 'a4')]))).toBe(
    'a1 b1 a2 a3 a4',
  );
});

it('leaves the messages of one partition, and none, as they are', () => {
  const one = of(a, 'a1', 'a2');
  expect(interleaved(one)).toBe(one);
  expect(interleaved([])).toEqual([]);
});
