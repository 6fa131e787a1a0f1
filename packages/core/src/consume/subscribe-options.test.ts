import { expect, it } from 'vitest';
import { checkSubscribeCall } from './subscribe-options.js';

const handler = () => {};

it.each<[string, unknown, unknown, object | undefined, RegExp]>([
  ['the handler first', handler, 'orders', undefined, /the topic comes first/],
  ['no handler', 'orders', { handle: 1 }, undefined, /needs a function as its handler, got an object/],
  ['an option of another library', 'orders', handler, { groupId: 'x' }, /'group'/],
  ['what is settled by itself', 'orders', handler, { autoAck: true }, /settled when its handler resolves/],
  ['a wrong value', 'orders', handler, { concurrency: 0 }, /positive integer/],
  ['a wrong nested value', 'orders', handler, { retryBackoff: { factor: 0 } }, /factor/],
  ['a schema for bytes', 'orders', handler, { schema: {} }, /subscribeEnvelope/],
  ['an invalid date', 'orders', handler, { from: new Date(Number.NaN) }, /valid Date/],
])('%s is refused, saying what to do', (_, topic, given, options, text) => {
  expect(() => checkSubscribeCall('subscribe', topic, given, options as never)).toThrow(text);
});

it('lets through what is right, and a schema where events are validated', () => {
  const schema = { '~standard': { version: 1, vendor: 'test', validate: () => ({ value: 1 }) } };
  expect(() => checkSubscribeCall('subscribe', 'orders', handler, undefined)).not.toThrow();
  expect(() =>
    checkSubscribeCall('subscribeEnvelope', 'orders', handler, { schema, from: new Date(0) } as never),
  ).not.toThrow();
  expect(() => checkSubscribeCall('subscribeEnvelope', 'orders', handler, { schema: {} } as never)).toThrow(
    /Standard Schema/,
  );
});
