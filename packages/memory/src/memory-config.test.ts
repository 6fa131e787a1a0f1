import { expect, it } from 'vitest';
import { memoryConfigSchema } from './memory-config.js';

it('takes a broker name and bounds, all optional', () => {
  expect(memoryConfigSchema.parse({})).toEqual({});
  const config = { broker: 'shared', maxChannelSize: 10, bufferSize: 0 };
  expect(memoryConfigSchema.parse(config)).toEqual(config);
});

it('refuses what it does not know and bounds that cannot be', () => {
  for (const config of [{ brokers: 'x' }, { broker: '' }, { maxChannelSize: 0 }, { bufferSize: 0.5 }]) {
    expect(memoryConfigSchema.safeParse(config).success, JSON.stringify(config)).toBe(false);
  }
});
