import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { activeIds } from './active-ids.js';

const identity = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) };
const ids = activeIds(api);
const within = (span: Partial<api.Span>) =>
  api.context.with(api.trace.setSpan(api.context.active(), span as api.Span), ids);
const span = (more: Partial<api.SpanContext>, isRecording: boolean): Partial<api.Span> => ({
  spanContext: () => ({ ...identity, traceFlags: api.TraceFlags.SAMPLED, ...more }),
  isRecording: () => isRecording,
});

beforeAll(() => {
  expect(ids()).toEqual({});
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => api.context.disable());

it('log lines carry trace and span of the code at hand', () => {
  expect(ids()).toEqual({});
  expect(Object.values(within(span({}, true)))).toEqual(
    expect.arrayContaining([identity.traceId, identity.spanId]),
  );
});

it('a span that has ended, or is none, is not told', () => {
  expect(within(span({}, false))).toEqual({});
  expect(within(span({ traceId: '0'.repeat(32) }, true))).toEqual({});
});
