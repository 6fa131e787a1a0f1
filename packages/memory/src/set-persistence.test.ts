import { createEventBus, type EventBus } from '@ebus/core';
import { afterEach, describe, expect, it } from 'vitest';
import { memory } from './index.js';

const buses: EventBus[] = [];
afterEach(() => Promise.all(buses.splice(0).map((bus) => bus.close())));

async function memoryBus() {
  const warnings: unknown[][] = [];
  const log = (...args: unknown[]) => void warnings.push(args);
  const logger = { debug() {}, info() {}, warn: log, error: log };
  const bus = await createEventBus({ type: 'memory' }, { plugins: [memory], logger });
  buses.push(bus);
  return { bus, warnings };
}

describe('a memory topic whose persistence is changed', () => {
  it('is changed in place: subscriptions go on, and what is accepted is handled', async () => {
    const { bus } = await memoryBus();
    const handled: number[] = [];
    await bus.subscribe('orders', (message) => void handled.push(message.json()), { concurrency: 1 });
    let published = 0;
    for (const persistent of [false, true, false, true]) {
      for (let more = 0; more < 100; more++) void bus.publish('orders', String(published++));
      expect(await bus.topics.setPersistence('orders', persistent)).toMatchObject({
        action: 'changed',
        changed: ['persistence'],
      });
      expect((await bus.topics.describe('orders'))?.persistence).toBe(
        persistent ? 'persistent' : 'ephemeral',
      );
    }
    await bus.flush();
    await bus.idle();
    expect(handled).toEqual(Array.from({ length: published }, (_, index) => index));
  });

  it('keeps a group that came while it was ephemeral, once it is persistent', async () => {
    const { bus } = await memoryBus();
    await bus.topics.configure('orders', { persistence: 'ephemeral' });
    const first = await bus.subscribe('orders', () => {});
    await bus.topics.setPersistence('orders', true);
    await first.close();
    await bus.publish('orders', 'while away');
    const seen: string[] = [];
    await bus.subscribe('orders', (message) => void seen.push(message.text()), { from: 'latest' });
    await bus.idle();
    expect(seen).toEqual(['while away']);
  });

  it('says what an absent group loses', async () => {
    const { bus, warnings } = await memoryBus();
    await (await bus.subscribe('orders', () => {})).close();
    await bus.publish('orders', 'x');
    await bus.topics.setPersistence('orders', false);
    expect(warnings).toContainEqual([
      { topic: 'orders', group: 'ebus', unsettled: 1 },
      expect.stringMatching(/forgotten/),
    ]);
  });

  it('found with another persistence than configured, is reported and left', async () => {
    const { bus } = await memoryBus();
    await bus.publish('orders', 'x');
    const outcome = await bus.topics.configure('orders', { persistence: 'ephemeral' });
    expect(outcome).toMatchObject({ action: 'mismatched', mismatches: [{ field: 'persistence' }] });
    expect((await bus.topics.describe('orders'))?.persistence).toBe('persistent');
    // What this bus itself has configured, it changes.
    expect(await bus.topics.configure('orders', { persistence: 'persistent' })).toMatchObject({
      action: 'left',
    });
    expect(await bus.topics.configure('orders', { persistence: 'ephemeral' })).toMatchObject({
      action: 'changed',
    });
  });
});
