/** Redrives whose filter or progress is foreign code that misbehaves. */
import { createEventBus, type EventBus } from '@ebus/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { memory } from './index.js';

const logged: unknown[][] = [];
const log = (...args: unknown[]) => void logged.push(args);
const logger = { debug() {}, info() {}, warn: log, error: log };
const hangs = () => new Promise<boolean>(() => {});

let bus: EventBus;
beforeEach(async () => {
  logged.length = 0;
  const config = { type: 'memory', serviceName: 'shop', memory: {} } as const;
  bus = await createEventBus(config, { plugins: [memory], logger });
  const fail = () => {
    throw new Error('no');
  };
  await bus.subscribe('orders', fail, { maxRetries: 0 });
  await bus.publish('orders', 'a');
  await bus.idle({ timeout: '5s' });
});
afterEach(() => bus.close());

it.each([false, true])('ends at its signal although its filter hangs (dryRun: %s)', async (dryRun) => {
  const stop = new AbortController();
  const filter = () => {
    setImmediate(() => stop.abort());
    return hangs();
  };
  const redriven = bus.deadLetters.redrive('orders', { filter, dryRun, signal: stop.signal });
  await expect(redriven).rejects.toMatchObject({ code: 'ABORTED' });
  // It was handed back, and the next redrive need not wait.
  expect(await bus.deadLetters.redrive('orders')).toMatchObject({ redriven: 1 });
});

it.each([false, true])('ends with the bus although its filter hangs (dryRun: %s)', async (dryRun) => {
  let closed: Promise<unknown> | undefined;
  const filter = () => {
    closed = bus.close();
    return hangs();
  };
  const redriven = bus.deadLetters.redrive('orders', { filter, dryRun });
  await expect(redriven).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  await closed;
  await expect(bus.deadLetters.list('orders')).rejects.toMatchObject({ code: 'BUS_CLOSED' });
});

it('goes on where onProgress rejects', async () => {
  const onProgress = async () => Promise.reject(new Error('no progress'));
  expect(await bus.deadLetters.redrive('orders', { onProgress })).toMatchObject({ redriven: 1 });
  expect(logged.map(([, text]) => text)).toContain('onProgress of a redrive threw; it goes on');
});
