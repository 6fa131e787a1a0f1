import { expect, it } from 'vitest';
import { checkOptions } from '../util/options.js';
import { PUBLISH_ENVELOPE_OPTIONS, PUBLISH_ENVELOPES_OPTIONS, PUBLISH_OPTIONS } from './publish-options.js';

it.each([
  ['publish', PUBLISH_OPTIONS, { key: 'a', messageId: '1', headers: { a: 'b' }, timeout: '1s', retries: 0 }],
  ['publishEnvelope', PUBLISH_ENVELOPE_OPTIONS, { headers: new Map(), signal: new AbortController().signal }],
  ['publishEnvelopes', PUBLISH_ENVELOPES_OPTIONS, { maxInFlight: 5, headers: [['a', 'b']] }],
] as const)('%s takes its options', (method, table, options) => {
  expect(() => checkOptions(method, options, table)).not.toThrow();
});

it.each([
  ['publish', PUBLISH_OPTIONS, { partition: 3 }, /partition of its key/],
  ['publish', PUBLISH_OPTIONS, { correlationId: 'x' }, /field of the envelope/],
  ['publish', PUBLISH_OPTIONS, { timeout: 0 }, /above 0/],
  ['publishEnvelope', PUBLISH_ENVELOPE_OPTIONS, { key: 'a' }, /aggregateId/],
  ['publishEnvelope', PUBLISH_ENVELOPE_OPTIONS, { ttl: '1h' }, /retention/],
  ['publishEnvelopes', PUBLISH_ENVELOPES_OPTIONS, { concurrency: 5 }, /maxInFlight/],
] as const)('%s refuses %o and says where it belongs', (method, table, options, text) => {
  expect(() => checkOptions(method, options, table)).toThrow(text);
});
