/** A service on the memory transport with a console, whose handler fails where it is told to. */
import { setTimeout } from 'node:timers/promises';
import { createEventBus, type EventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
import { onTestFinished } from 'vitest';
import { type ConsoleConfig, healthHttp } from '../../index.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A running service. */
export interface Shop {
  readonly bus: EventBus;
  /** Of the page. */
  readonly url: string;
  /** Keys whose events fail. */
  readonly broken: Set<string>;
  /** Texts of handled events. */
  readonly handled: string[];
  fail(...keys: string[]): Promise<void>;
}

export async function shopOf(ui: ConsoleConfig = { allowActions: true }, host = '127.0.0.1'): Promise<Shop> {
  const bus = await createEventBus(
    { type: 'memory', serviceName: 'shop', healthHttp: { port: 0, host, ui } },
    { plugins: [memory, healthHttp], logger: silent },
  );
  onTestFinished(async () => void (await bus.close({ timeout: 0 })));
  const broken = new Set<string>();
  const handled: string[] = [];
  const subscription = await bus.subscribe(
    'orders',
    (message) => {
      if (broken.has(message.key ?? '')) throw new Error(`no stock for ${message.key}`);
      handled.push(message.text());
    },
    { maxRetries: 0, concurrency: 1 },
  );
  const fail = async (...keys: string[]) => {
    const before = subscription.stats().deadLettered;
    for (const key of keys) {
      broken.add(key);
      await bus.publish('orders', JSON.stringify({ order: key }), { key });
    }
    while (subscription.stats().deadLettered < before + keys.length) await setTimeout(5);
  };
  return { bus, url: healthHttp.address(bus).console ?? '', broken, handled, fail };
}
