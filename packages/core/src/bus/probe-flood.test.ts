import { expect, it } from 'vitest';
import { scriptedBus, settle } from '../testing/scripted-bus.js';

it('logs some of a flood of worthless probes, none of them at length', async () => {
  const { driver, logged, clock, bus } = await scriptedBus({
    healthCheck: { enabled: true, publisher: { interval: '1h' }, subscriber: { topic: 'probes' } },
  });
  await settle();
  const probe = { messageId: 'x', timestamp: new Date(clock.now()).toISOString(), source: 's', version: '2' };
  const foreign = JSON.stringify({ ...probe, eventBusType: 'y\u202e'.repeat(400_000) });
  const deliver = async (count: number, value: string) => {
    while (driver.subscriptions[0]?.asking !== true) await settle();
    driver.subscriptions[0].deliver(...Array.from({ length: count }, () => ({ value })));
  };
  await deliver(2, foreign);
  for (let n = 0; n < 20; n++) await deliver(200, 'x');
  while (driver.subscriptions[0]?.asking !== true) await settle();
  await clock.advance(10_000);
  const lines = logged.filter(({ args }) => String(args[1]).startsWith('a health probe'));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(50);
  expect(Math.max(...lines.map((line) => JSON.stringify(line).length))).toBeLessThan(1_000);
  expect(JSON.stringify(lines)).not.toContain('\u202e');
  await bus.close({ timeout: 0 });
});
