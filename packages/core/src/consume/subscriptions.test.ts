import { expect, it } from 'vitest';
import type { AttemptOptions } from '../driver/driver.js';
import type { SubscriptionSink, SubscriptionSpec } from '../driver/subscription.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { deferred } from '../util/promise.js';

/** Joins a group once its test lets it, or gives up where it is told to. */
class SlowDriver extends ScriptedDriver {
  readonly gate = deferred();
  heedsSignal = true;

  override async subscribe(
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    { signal }: AttemptOptions = never(),
  ) {
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('interrupted')));
    });
    aborted.catch(() => {});
    await (this.heedsSignal ? Promise.race([this.gate.promise, aborted]) : this.gate.promise);
    if (this.closed) throw new Error('called after close');
    return super.subscribe(spec, sink);
  }
}

function never(): never {
  throw new Error('core passes a signal');
}

it('gives a subscription up that is being made when the bus closes, before the driver closes', async () => {
  const driver = new SlowDriver();
  const { bus } = await scriptedBus({}, { driver });
  const subscribing = bus.subscribe('orders', () => {});
  const outcome = expect(subscribing).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  await bus.close();
  await outcome;
  expect(driver.subscriptions).toHaveLength(0);
});

it('leaves the group again where the driver has joined it all the same', async () => {
  const driver = new SlowDriver();
  driver.heedsSignal = false;
  const { bus } = await scriptedBus({}, { driver });
  const outcome = expect(bus.subscribe('orders', () => {})).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  const closing = bus.close();
  await settle();
  expect(driver.closed).toBe(false);
  driver.gate.resolve();
  await closing;
  await outcome;
  expect(driver.subscriptions.map(({ closed }) => closed)).toEqual([true]);
});

it('says that subscribing was aborted, whatever the driver made of that', async () => {
  const driver = new SlowDriver();
  const { bus } = await scriptedBus({}, { driver });
  const controller = new AbortController();
  const subscribing = bus.subscribe('orders', () => {}, { signal: controller.signal });
  controller.abort();
  await expect(subscribing).rejects.toMatchObject({ code: 'ABORTED' });
  driver.gate.resolve();
  await bus.subscribe('orders', () => {});
});
