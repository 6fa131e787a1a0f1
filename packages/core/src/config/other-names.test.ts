import { expect, it } from 'vitest';
import { otherNames, rootRemedy } from './other-names.js';

it.each([
  ['bootstrap.servers', []],
  ['bootstrap-servers', ['brokers']],
  ['groupID', ['groupId', 'durableName']],
  ['max_retries', ['maxRetryAttempts']],
  ['constructor', []],
])('%s may be called %j here', (key, expected) => {
  expect(otherNames(key)).toEqual(expected);
});

it('says of what is no setting where it belongs', () => {
  expect(rootRemedy('logger', [])).toMatch(/createEventBus\(config, \{ logger \}\)/);
  expect(rootRemedy('kafka', ['nats'])).toMatch(/@ebus\/kafka, which is not registered.*registered: nats/);
  expect(rootRemedy('whatever', [])).toBeUndefined();
  expect(rootRemedy('constructor', [])).toBeUndefined();
});
