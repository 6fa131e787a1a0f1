import { ConfigError } from '@ebus/core/driver';
import { expect, it } from 'vitest';
import { ackPolicyFor, checkRemovals } from './ack-policy.js';

const spec = (ordering: 'none' | 'instance' | 'cluster', durable = true) => ({
  ...{ topic: 'orders', group: 'billing', durable, ordering },
});

it('settles by prefix only where one member at a time takes the messages', () => {
  expect(ackPolicyFor(spec('cluster'), 'all', false)).toBe('all');
  expect(ackPolicyFor(spec('cluster'), 'all', true)).toBe('all');
  expect(ackPolicyFor(spec('none'), 'all', false)).toBe('explicit');
  expect(ackPolicyFor(spec('instance', false), 'all', false)).toBe('explicit');
  expect(ackPolicyFor(spec('cluster'), 'explicit', false)).toBe('explicit');
});

it.each([
  [spec('instance'), false, /ordering 'instance'.*Give ordering 'cluster'/],
  [spec('none'), true, /unified consumer.*Take the topic out/],
] as const)('refuses it where members share a consumer: %o', (one, isUnified, text) => {
  const refused = () => ackPolicyFor(one, 'all', isUnified);
  expect(refused).toThrow(ConfigError);
  expect(refused).toThrow(text);
  expect(refused).toThrow("group 'billing' on 'orders'");
});

it('refuses streams that remove single messages: the server confirms older ones with them', () => {
  const check = (config: object) => () => checkRemovals('orders', { name: 'ORDERS', ...config });
  for (const config of [{}, { max_msgs_per_subject: -1 }, { allow_msg_ttl: false }])
    expect(check(config)).not.toThrow();
  expect(check({ max_msgs_per_subject: 5 })).toThrow(/'ORDERS'.*max_msgs_per_subject/);
  expect(check({ allow_msg_ttl: true })).toThrow(/allow_msg_ttl/);
});
