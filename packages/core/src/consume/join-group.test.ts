import { describe, expect, it } from 'vitest';
import type { AttemptOptions } from '../driver/driver.js';
import type { SubscriptionSink, SubscriptionSpec } from '../driver/subscription.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { clientError, ScriptedDriver } from '../testing/scripted-driver.js';
import { deferred } from '../util/promise.js';

/** Fails with these errors, one an attempt, before it joins. */
class Refusing extends ScriptedDriver {
  readonly errors: unknown[] = [];
  readonly attempts: number[] = [];
  readonly sinks: SubscriptionSink[] = [];

  override async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink, options?: AttemptOptions) {
    this.attempts.push(options?.attempt ?? 0);
    this.sinks.push(sink);
    const error = this.errors.shift();
    if (error !== undefined) throw error;
    return super.subscribe(spec, sink, options);
  }
}

describe('joining a group', () => {
  it('is tried again while the error may pass, each attempt with a number and a sink of its own', async () => {
    const driver = new Refusing();
    driver.errors.push(clientError('no coordinator', true), clientError('it moves', true));
    const { bus, clock } = await scriptedBus({}, { driver });
    const handled: string[] = [];
    const subscribing = bus.subscribe('orders', (message) => void handled.push(message.text()));
    for (let i = 0; i < 2; i++) {
      await settle();
      await clock.advance(2_000);
    }
    await subscribing;
    expect(driver.attempts).toEqual([1, 2, 3]);
    expect(new Set(driver.sinks).size).toBe(3);
    const message = { token: 1, topic: 'orders', headers: [], value: new TextEncoder().encode('a') };
    driver.sinks[0]?.ended();
    driver.sinks[2]?.push([message]);
    expect(handled).toEqual(['a']);
    expect((await bus.health.report()).status).toBe('healthy');
  });

  it('is given up at once where trying again cannot help', async () => {
    const driver = new Refusing();
    driver.errors.push(clientError('not allowed', false));
    const { bus } = await scriptedBus({}, { driver });
    await expect(bus.subscribe('orders', () => {})).rejects.toMatchObject({
      code: 'SUBSCRIBE_FAILED',
      message: expect.stringContaining('not allowed'),
    });
    expect(driver.attempts).toEqual([1]);
  });

  it('that comes after it was given up is left again, with a signal of its own', async () => {
    const gate = deferred();
    const signals: AbortSignal[] = [];
    class Late extends ScriptedDriver {
      override async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink) {
        await gate.promise;
        const close = async ({ signal }: { signal: AbortSignal }) => void signals.push(signal);
        return Object.assign(await super.subscribe(spec, sink), { close });
      }
    }
    const driver = new Late();
    const { bus, clock } = await scriptedBus({}, { driver });
    const controller = new AbortController();
    const subscribing = bus.subscribe('orders', () => {}, { signal: controller.signal });
    const refused = expect(subscribing).rejects.toMatchObject({ code: 'ABORTED' });
    await settle();
    controller.abort();
    await clock.advance(1_000);
    await refused;
    gate.resolve();
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });
});
