/** Where a transport offers order within each instance only, that is said. */
import { expect, it } from 'vitest';
import type { SubscriptionSink, SubscriptionSpec, UnsettledCount } from '../driver/subscription.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import type { SubscribeOptions } from './types.js';

class WithoutCluster extends ScriptedDriver {
  override leaseMs = 30_000;
  override capability = { ordering: 'instance' } as const;
  others = false;

  override async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink) {
    const unsettled = async (): Promise<UnsettledCount> => ({ count: 1, through: 1, others: this.others });
    return Object.assign(await super.subscribe(spec, sink), { unsettled });
  }
}

async function joined(options: SubscribeOptions, others: boolean) {
  const driver = new WithoutCluster();
  driver.others = others;
  const { bus, logged } = await scriptedBus({}, { driver });
  for (const topic of ['orders', 'refunds']) await bus.subscribeEnvelope(topic, () => {}, options);
  await settle();
  const told = logged.map(({ level, args: [of, text] }) => ({ level, of, text: String(text) }));
  return {
    info: told.filter(({ level, text }) => level === 'info' && text.includes('within each instance')),
    warned: told.filter(({ level, text }) => level === 'warn' && text.includes('another instance')),
  };
}

it('is said once, and again where a second instance is at work', async () => {
  const alone = await joined({}, false);
  expect([alone.info.length, alone.warned]).toEqual([1, []]);
  const { info, warned } = await joined({}, true);
  expect(info).toHaveLength(1);
  expect(warned.map(({ of }) => (of as { topic: string }).topic)).toEqual(['orders', 'refunds']);
});

it('is not said to a subscription that asks for no more', async () => {
  expect(await joined({ ordering: 'instance' }, true)).toEqual({ info: [], warned: [] });
});
