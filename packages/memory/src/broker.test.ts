import { ConfigError } from '@ebus/core/driver';
import { afterEach, describe, expect, it } from 'vitest';
import { brokerFor, resetMemoryBroker } from './broker.js';
import { record, testHost } from './testing/harness.js';

afterEach(() => resetMemoryBroker('shared'));

describe('brokerFor', () => {
  it('gives every bus a broker of its own, or the one it names', () => {
    expect(brokerFor({})).not.toBe(brokerFor({}));
    const shared = brokerFor({ broker: 'shared' });
    expect(brokerFor({ broker: 'shared' })).toBe(shared);
    resetMemoryBroker('shared');
    expect(brokerFor({ broker: 'shared' })).not.toBe(shared);
  });

  it('refuses bounds other than those the named broker has', () => {
    brokerFor({ broker: 'shared', maxChannelSize: 10 });
    expect(brokerFor({ broker: 'shared' }).bounds).toEqual({ maxChannelSize: 10, bufferSize: 1_000 });
    const conflict = () => brokerFor({ broker: 'shared', maxChannelSize: 20 });
    expect(conflict).toThrow(ConfigError);
    expect(conflict).toThrow("memory.maxChannelSize: memory broker 'shared' exists with 10");
  });
});

it('shows what a broker holds', () => {
  const broker = brokerFor({});
  const host = testHost();
  void broker.log('orders', 'persistent', host).send(record('abc'), host);
  expect(broker.topics()).toEqual([
    { name: 'orders', persistence: 'persistent', start: 0, end: 1, bytes: 3, waitingSends: 0, groups: [] },
  ]);
});
