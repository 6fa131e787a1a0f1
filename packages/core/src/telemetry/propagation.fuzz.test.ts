/** Headers as strangers write them: ids and trace contexts are read without a throw, and are valid or none. */
import assert from 'node:assert/strict';
import { isSpanContextValid, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type HeaderList, MessageHeaders } from '../headers.js';
import { idsOf } from '../pipeline/message-ids.js';
import { FUZZ_TIMEOUT_MS, fuzz, prototypeIsClean, spoiledBytes, spoiledText } from '../testing/fuzz.js';
import { REMOTE } from '../testing/recorded-spans.js';
import { extracted } from './propagation.js';

const VALUES = [
  REMOTE.traceparent,
  'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
  'userId=alice,serverNode=DF%2028;meta=1',
  'order-1',
  '7',
];
const names = fc.oneof(
  fc.constantFrom(
    'traceparent',
    'TraceParent',
    'tracestate',
    'baggage',
    'X-Event-ID',
    'X-Tenant-ID',
    'X-Trace-ID',
  ),
  fc.string({ maxLength: 12 }),
);
const headers = fc.array(fc.tuple(names, fc.oneof(spoiledText(...VALUES), spoiledBytes(...VALUES))), {
  maxLength: 8,
}) as fc.Arbitrary<HeaderList>;

const w3c = new CompositePropagator({
  propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
});
const api = {
  ROOT_CONTEXT,
  propagation: { extract: w3c.extract.bind(w3c), deleteBaggage: propagation.deleteBaggage },
} as unknown as Parameters<typeof extracted>[0];

it('hold a valid context, or none', { timeout: FUZZ_TIMEOUT_MS }, () => {
  fuzz(headers, (list) => {
    const context = extracted(api, list, { baggage: true });
    const span = trace.getSpanContext(context);
    assert(span === undefined || isSpanContextValid(span));
    for (const [, { value }] of propagation.getBaggage(context)?.getAllEntries() ?? [])
      assert(typeof value === 'string');
    assert(propagation.getBaggage(extracted(api, list, { baggage: false })) === undefined);
  });
});

it('hold ids that are text, a tenant that is a number, or none', { timeout: FUZZ_TIMEOUT_MS }, () => {
  fuzz(headers, (list) => {
    const { tenantId, traceId, ...ids } = idsOf({ key: undefined, headers: list }, undefined);
    assert(tenantId === undefined || Number.isSafeInteger(tenantId));
    for (const id of [traceId, ...Object.values(ids)])
      assert(id === undefined || (typeof id === 'string' && id !== ''));
    const read = new MessageHeaders(list);
    for (const [name] of list) assert(read.has(name) && read.getAll(name).length > 0);
  });
  expect(prototypeIsClean()).toBe(true);
});
