import { recordReads, settingsOf } from '@ebus/conformance';
import { createEventBus, parseConfig } from '@ebus/core';
import { definePlugin } from '@ebus/core/driver';
import { expect, it } from 'vitest';
import { memory } from './index.js';
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

it('is a part of the configuration, with every problem in place', async () => {
  const config = { type: 'memory', memory: { brokr: 'x', bufferSize: -1 } };
  await expect(parseConfig(config, { plugins: [memory] })).rejects.toThrow(
    /memory\.bufferSize: must be at least 0, got -1\n {2}memory\.brokr: unknown key, did you mean 'broker'\?/,
  );
});

it('has no key that nobody reads', async () => {
  let read: ReadonlySet<string> = new Set();
  const recording = definePlugin({
    ...memory,
    create: (config, context) => {
      const recorded = recordReads({ ...config });
      read = recorded.read;
      return memory.create(recorded.config, context);
    },
  });
  const config = { broker: 'read-by-a-test', maxChannelSize: 10, bufferSize: 1 };
  const bus = await createEventBus({ type: 'memory', memory: config }, { plugins: [recording] });
  await bus.publish('orders', 'a');
  await bus.close();
  expect(settingsOf(memoryConfigSchema).filter((path) => !read.has(path))).toEqual([]);
});
