import { expect, it } from 'vitest';
import type { EventBusConfig } from '../config/types.js';
import { ScriptedDriver, scriptedPlugin } from '../testing/scripted-driver.js';
import { closeGlobal, getGlobal, initializeGlobal } from './global-bus.js';

const config = { type: 'scripted' } as unknown as EventBusConfig;

it('is one bus per process, from initializeGlobal to closeGlobal', async () => {
  expect(() => getGlobal()).toThrow('await initializeGlobal');
  const initializing = initializeGlobal(config, { plugins: [scriptedPlugin(new ScriptedDriver())] });
  await expect(initializeGlobal(config)).rejects.toThrow('initialized already');
  const bus = await initializing;
  expect(getGlobal()).toBe(bus);
  expect(await closeGlobal()).toMatchObject({ unpublished: 0 });
  expect(() => getGlobal()).toThrow('no global event bus');
  expect(await closeGlobal()).toBeUndefined();
});

it('can be initialized again after a failure', async () => {
  await expect(initializeGlobal({ type: 'none' } as unknown as EventBusConfig)).rejects.toThrow(
    'no transport',
  );
  await initializeGlobal(config, { plugins: [scriptedPlugin(new ScriptedDriver())] });
  await closeGlobal();
});
