// What a TypeScript user of the packages writes: compiled against the declarations, not run.
import { createEventBus, type EventBusConfig } from '@ebus/core';
import { memory } from '@ebus/memory';

// An adapter adds itself to the configuration by being imported.
const config: EventBusConfig = { type: 'memory', serviceName: 'check' };

// @ts-expect-error No adapter of that name is imported.
const misspelt: EventBusConfig = { type: 'memroy', serviceName: 'check' };

export async function main(): Promise<string> {
  await using bus = await createEventBus(config, { plugins: [memory] });
  const receipt = await bus.publish('check.topic', { hello: 'world' });
  return receipt.topic;
}

void misspelt;
