import { describe, expect, it } from 'vitest';
import { RelayScenario } from '../testing/relay-scenario.js';

describe('leases of a relay', () => {
  it('are renewed while a publish takes its time', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = () => 'hang';
    await scenario.save('a1');
    const done = scenario.relay({ lease: '3s' }).runOnce();
    await scenario.clock.advance(60_000);
    expect(await scenario.store.claim(10, 1000)).toEqual([]);
    scenario.bus.sent[0]?.acknowledge();
    await done;
    await scenario.clock.advance(60_000);
    expect(scenario.calls.renew).toBeLessThan(65);
    expect(scenario.clock.pending).toBe(0);
  });

  it('that another relay took over end the run', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = () => 'hang';
    await scenario.save('a1', 'a2');
    const done = scenario.relay({ lease: '3s' }).runOnce();
    await scenario.settle();
    // The process stood still: no renewal in time.
    scenario.clock.block(3001);
    const [other] = await scenario.store.claim(1, 60_000);
    await scenario.clock.advance(2000);
    scenario.bus.sent[0]?.acknowledge();
    expect((await done).published).toBe(1);
    expect(scenario.bus.names).toEqual(['a1']);
    expect(scenario.log).toContainEqual({ level: 'warn', text: expect.stringContaining('may come twice') });
    // It marked nothing: the event is the other's.
    expect(scenario.status('a1')).toBe('pending');
    expect(await scenario.store.markPublished(other === undefined ? [] : [other])).toHaveLength(1);
  });

  it('that ran out end the run, although nobody said so', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = () => 'hang';
    scenario.broken = (method) => (method === 'renew' ? new Error('away') : undefined);
    await scenario.save('a1', 'a2');
    const done = scenario.relay({ lease: '3s' }).runOnce();
    await scenario.clock.advance(3001);
    scenario.broken = () => undefined;
    scenario.bus.sent[0]?.acknowledge();
    await scenario.clock.advance(10_000);
    await done;
    expect(scenario.bus.names).toEqual(['a1']);
    expect(scenario.status('a1')).toBe('published');
  });

  it('are not asked for while nothing is held', async () => {
    const scenario = new RelayScenario();
    const relay = scenario.relay({ lease: '3s', pollInterval: '1h', retention: false });
    await relay.start();
    await scenario.clock.advance(60_000);
    expect(scenario.calls.renew).toBeUndefined();
    await relay.stop();
  });
});
