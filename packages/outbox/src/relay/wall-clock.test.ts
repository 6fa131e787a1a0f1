import { describe, expect, it } from 'vitest';
import { Inbox, MemoryInboxStore, memoryTransaction } from '../index.js';
import { RelayScenario } from '../testing/relay-scenario.js';

const HOUR = 3_600_000;
const failing = () => new Error('refused');

describe.each([
  ['back an hour', -HOUR],
  ['forward an hour', HOUR],
])('a machine whose clock is set %s', (_, jump) => {
  it('keeps leases, and renews them', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = () => 'hang';
    await scenario.save('a1');
    const done = scenario.relay({ lease: '30s' }).runOnce();
    await scenario.settle();
    scenario.clock.setWall(jump);
    expect(await scenario.store.claim(1, 60_000)).toEqual([]);
    await scenario.clock.advance(120_000);
    expect(scenario.calls.renew).toBeGreaterThanOrEqual(4);
    expect(await scenario.store.claim(1, 60_000)).toEqual([]);
    scenario.bus.sent[0]?.acknowledge();
    expect(await done).toMatchObject({ published: 1 });
    expect(scenario.status('a1')).toBe('published');
  });

  it('gives back at once what a dead relay held, when its lease is over', async () => {
    const scenario = new RelayScenario();
    await scenario.save('a1');
    await scenario.store.claim(1, 60_000);
    scenario.clock.setWall(jump);
    await scenario.clock.advance(59_000);
    expect(await scenario.store.claim(1, 60_000)).toEqual([]);
    await scenario.clock.advance(1_000);
    expect(await scenario.store.claim(1, 60_000)).toHaveLength(1);
  });

  it('tries again after the backoff', async () => {
    const scenario = new RelayScenario();
    const errors = [failing()];
    scenario.bus.answer = () => errors.shift() ?? 'acknowledge';
    await scenario.save('a1');
    const relay = scenario.relay({ retryBackoff: { base: 10_000, max: 10_000 }, pollInterval: '1h' });
    await relay.start();
    await scenario.settle();
    expect(errors).toEqual([]);
    scenario.clock.setWall(jump);
    await scenario.clock.advance(10_000);
    expect(scenario.status('a1')).toBe('published');
    await relay.stop();
  });

  it('prunes by age, not by date', async () => {
    const scenario = new RelayScenario();
    await scenario.save('a1');
    const relay = scenario.relay({ retention: '30m', pollInterval: '1s' });
    await relay.start();
    await scenario.clock.advance(1_000);
    expect(scenario.status('a1')).toBe('published');
    scenario.clock.setWall(jump);
    await scenario.clock.advance(25 * 60_000);
    expect(scenario.status('a1')).toBe('published');
    await scenario.clock.advance(15 * 60_000);
    expect(scenario.store.rows()).toEqual([]);
    await relay.stop();
  });

  it('tells the true lag', async () => {
    const scenario = new RelayScenario();
    await scenario.save('a1');
    await scenario.clock.advance(5_000);
    scenario.clock.setWall(jump);
    expect(await scenario.relay().stats()).toMatchObject({ oldestAgeMs: 5_000 });
  });

  it('remembers in the inbox for as long as it should', async () => {
    const { clock } = new RelayScenario();
    const inbox = new Inbox(new MemoryInboxStore({ clock }), { retention: '30m' });
    const once = () => memoryTransaction((tx) => inbox.once(tx, 'billing', 'e1', () => {}));
    await once();
    clock.setWall(jump);
    await clock.advance(29 * 60_000);
    expect(await inbox.prune()).toBe(0);
    expect(await once()).toEqual({ ran: false });
    await clock.advance(2 * 60_000);
    expect(await inbox.prune()).toBe(1);
  });
});
