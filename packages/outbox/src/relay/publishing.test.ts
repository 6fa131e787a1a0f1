import { EbusError, PublishError, PublishTimeoutError } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import { RelayScenario } from '../testing/relay-scenario.js';

const refused = () => new PublishError('too large', { code: 'MESSAGE_TOO_LARGE' });
const notNow = () => new PublishTimeoutError('no answer');

describe('a relay', () => {
  it('sends an event of an aggregate once the one before is acknowledged, and other aggregates meanwhile', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = ({ name }) => (name === 'a1' ? 'hang' : 'acknowledge');
    await scenario.save('a1', 'a2', 'b1', 'b2');
    const done = scenario.relay().runOnce();
    await scenario.settle();
    expect(scenario.bus.names).toEqual(['a1', 'b1', 'b2']);
    scenario.bus.sent[0]?.acknowledge();
    expect(await done).toEqual({ claimed: 4, published: 4, retrying: 0, failed: 0 });
    expect(scenario.bus.names).toEqual(['a1', 'b1', 'b2', 'a2']);
  });

  it('publishes so many aggregates at once', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = () => 'hang';
    await scenario.save('a1', 'b1', 'c1');
    const done = scenario.relay({ concurrency: 2 }).runOnce();
    await scenario.settle();
    expect(scenario.bus.names).toEqual(['a1', 'b1']);
    scenario.bus.sent[1]?.acknowledge();
    await scenario.settle();
    expect(scenario.bus.names).toEqual(['a1', 'b1', 'c1']);
    for (const sent of scenario.bus.sent) sent.acknowledge();
    expect((await done).published).toBe(3);
  });

  it('marks an event after it was acknowledged, and not before', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = () => 'hang';
    await scenario.save('a1');
    const done = scenario.relay().runOnce();
    await scenario.settle();
    expect(scenario.calls.markPublished).toBeUndefined();
    expect(scenario.status('a1')).toBe('pending');
    scenario.bus.sent[0]?.acknowledge();
    await done;
    expect(scenario.status('a1')).toBe('published');
  });

  it('holds at most two batches', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = () => 'hang';
    await scenario.save(...Array.from({ length: 30 }, (_, i) => `aggregate-${i}:1`));
    const relay = scenario.relay({ batchSize: 5 });
    await relay.start();
    await scenario.settle();
    expect(scenario.bus.sent.length).toBe(10);
    for (const sent of scenario.bus.sent.slice(0, 5)) sent.acknowledge();
    await scenario.settle();
    expect(scenario.bus.sent.length).toBe(15);
    scenario.bus.answer = () => 'acknowledge';
    for (const sent of scenario.bus.sent) sent.acknowledge();
    await scenario.settle();
    await relay.stop();
    expect((await relay.stats()).published).toBe(30);
  });

  it('tries for ever what may pass by itself, and never fails it', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = notNow;
    await scenario.save('a1', 'a2', 'b1');
    const relay = scenario.relay({ maxRetries: 0 });
    await relay.start();
    await scenario.clock.advance(10 * 60_000);
    expect(scenario.bus.sent.length).toBeGreaterThan(20);
    expect(scenario.bus.names).not.toContain('a2');
    scenario.bus.answer = () => 'acknowledge';
    await scenario.clock.advance(30_000);
    expect(await relay.stats()).toMatchObject({ pending: 0, failed: 0, published: 3, gaveUp: 0 });
    await relay.stop();
    // One line for all that a broker which is away refuses.
    expect(scenario.log.filter(({ level }) => level !== 'debug').length).toBe(1);
  });

  it('fails an event that is refused for good, after its tries, and holds its aggregate only', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = ({ name }) => (name === 'a1' ? refused() : 'acknowledge');
    await scenario.save('a1', 'a2', 'b1');
    const relay = scenario.relay({ maxRetries: 2 });
    await relay.start();
    await scenario.clock.advance(5 * 60_000);
    expect(scenario.bus.names.filter((name) => name === 'a1').length).toBe(3);
    expect(['a1', 'a2', 'b1'].map((name) => scenario.status(name))).toEqual([
      'failed',
      'pending',
      'published',
    ]);
    expect(scenario.log.filter(({ level }) => level === 'error').map(({ text }) => text)).toEqual([
      expect.stringContaining('call retry(id) or skip(id)'),
    ]);
    await scenario.save('b2', 'a3');
    await scenario.settle();
    expect(scenario.status('b2')).toBe('published');
    const { id = '' } = scenario.store.rows()[0] ?? {};
    expect(await relay.retry(id)).toBe(true);
    await scenario.clock.advance(5 * 60_000);
    expect(scenario.bus.names.filter((name) => name === 'a1').length).toBe(6);
    expect(await relay.skip(id)).toBe(true);
    await scenario.settle();
    expect(scenario.bus.names.slice(-2)).toEqual(['a2', 'a3']);
    expect(await relay.stats()).toMatchObject({ pending: 0, failed: 0, gaveUp: 2 });
    await relay.stop();
  });

  it.each(['BUS_CLOSED', 'ABORTED'] as const)('hands everything back where the bus says %s', async (code) => {
    const scenario = new RelayScenario();
    scenario.bus.answer = () => new EbusError('gone', { code });
    await scenario.save('a1', 'a2');
    expect(await scenario.relay({ maxRetries: 0 }).runOnce()).toEqual({
      ...{ claimed: 2, published: 0, retrying: 0, failed: 0 },
    });
    expect((await scenario.store.claim(10, 1000)).length).toBe(2);
  });

  it('looks again when an event may be tried again, and not at its next poll', async () => {
    const scenario = new RelayScenario();
    let tries = 0;
    scenario.bus.answer = () => (++tries === 1 ? notNow() : 'acknowledge');
    await scenario.save('a1');
    const relay = scenario.relay({ pollInterval: '1h', retryBackoff: { base: '1s', max: '1s' } });
    await relay.start();
    await scenario.clock.advance(1001);
    expect(scenario.status('a1')).toBe('published');
    await relay.stop();
  });
});
