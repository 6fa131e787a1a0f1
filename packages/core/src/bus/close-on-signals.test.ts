import { expect, it } from 'vitest';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { closeOnSignals } from './close-on-signals.js';

it('closes the bus on the first signal, and leaves a second one to the process', async () => {
  const { bus } = await scriptedBus();
  closeOnSignals(bus, ['SIGUSR2']);
  process.emit('SIGUSR2');
  expect(process.listenerCount('SIGUSR2')).toBe(0);
  await settle();
  expect(await bus.close()).toMatchObject({ timedOut: false });
  expect(bus.connection.state().status).toBe('closed');
});

it('can be taken off again', async () => {
  const { bus } = await scriptedBus();
  const off = closeOnSignals(bus, ['SIGUSR2']);
  off();
  expect(process.listenerCount('SIGUSR2')).toBe(0);
  expect(bus.connection.state().status).toBe('connected');
  await bus.close();
});
