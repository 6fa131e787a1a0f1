import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { expect, it } from 'vitest';
import { treeOf } from './tree.js';

const span = (
  name: string,
  parent: string | undefined,
  [from, to]: [number, number],
  more: Partial<ReadableSpan> = {},
) =>
  ({
    name,
    spanContext: () => ({ spanId: name, traceId: 't', traceFlags: 1 }),
    parentSpanContext: parent === undefined ? undefined : { spanId: parent, traceId: 't', traceFlags: 1 },
    startTime: [7, from * 1e6],
    endTime: [7, to * 1e6],
    attributes: {},
    status: { code: 0 },
    ...more,
  }) as ReadableSpan;

it('draws children below their parent, in the order given', () => {
  const tree = treeOf([
    span('a', 'elsewhere', [0, 1.5]),
    span('b', 'a', [1, 2], { attributes: { 'messaging.client.id': 'shop' } }),
    span('d', 'b', [2, 4]),
    span('c', 'a', [5, 6], { attributes: { 'ebus.attempt': 2 }, status: { code: 2, message: 'no' } }),
  ]);
  expect(tree).toEqual([
    'a                   +0.0 ms    1.5 ms',
    '├─ b    shop        +1.0 ms    1.0 ms',
    '│  └─ d             +2.0 ms    2.0 ms',
    '└─ c                +5.0 ms    1.0 ms  attempt 2, failed: no',
  ]);
});
