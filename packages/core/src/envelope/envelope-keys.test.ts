import { expect, it } from 'vitest';
import { refuseUnknownKeys } from './envelope-keys.js';

it.each([
  ['data', /did you mean 'payload'/],
  ['agregateId', /did you mean 'aggregateId'/],
  ['headers', /publishEnvelope\(topic, envelope, \{ headers \}\)/],
  ['topic', /first argument/],
  ['whatever', /goes into the payload/],
])('%s in an envelope is refused, and it is said where it belongs', (key, text) => {
  expect(() => refuseUnknownKeys({ eventType: 'E', [key]: 1 })).toThrow(text);
});

it('lets through the keys that there are, and others without a value', () => {
  expect(() =>
    refuseUnknownKeys({ eventId: '1', payload: {}, tenantId: 1, headers: undefined }),
  ).not.toThrow();
});
