import { ConfigError, ConnectionError } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import { RelayScenario } from '../testing/relay-scenario.js';
import { OutboxRelay } from './outbox-relay.js';

const away = () => new ConnectionError('the database is away');

describe('an idle relay', () => {
  it('asks the store once per poll interval at most, pruning included', async () => {
    const scenario = new RelayScenario();
    const relay = scenario.relay({ pollInterval: '5s', retention: '1m' });
    await relay.start();
    await scenario.settle();
    const before = total(scenario);
    await scenario.clock.advance(600_000);
    expect(total(scenario) - before).toBeLessThanOrEqual(120);
    expect(scenario.calls.prune).toBeGreaterThan(10);
    await relay.stop();
    const after = total(scenario);
    await scenario.clock.advance(60_000);
    expect(total(scenario)).toBe(after);
  });

  it('is woken by a commit', async () => {
    const scenario = new RelayScenario();
    const relay = scenario.relay({ pollInterval: '1h' });
    await relay.start();
    await scenario.settle();
    await scenario.save('a1');
    await scenario.settle();
    expect(scenario.bus.names).toEqual(['a1']);
    await relay.stop();
  });
});

describe('a store that is away', () => {
  it('at the start: the relay waits for it', async () => {
    const scenario = new RelayScenario();
    await scenario.save('a1');
    scenario.broken = away;
    const relay = scenario.relay();
    await relay.start();
    await scenario.clock.advance(60_000);
    scenario.broken = () => undefined;
    await scenario.clock.advance(5_000);
    expect(scenario.bus.names).toEqual(['a1']);
    expect(scenario.log.map(({ level }) => level)).toEqual(['warn', 'info']);
    await relay.stop();
  });

  it('while events are published: they are marked later, and not published twice', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = () => 'hang';
    await scenario.save('a1', 'b1');
    const relay = scenario.relay();
    await relay.start();
    await scenario.settle();
    scenario.broken = away;
    for (const sent of scenario.bus.sent) sent.acknowledge();
    await scenario.clock.advance(20_000);
    expect(scenario.status('a1')).toBe('pending');
    scenario.broken = () => undefined;
    await scenario.clock.advance(10_000);
    expect(['a1', 'b1'].map((name) => scenario.status(name))).toEqual(['published', 'published']);
    expect(scenario.bus.names).toEqual(['a1', 'b1']);
    await relay.stop();
  });

  it('makes the health check fail, as an event that waits for too long does', async () => {
    const scenario = new RelayScenario();
    const relay = scenario.relay({ health: { name: 'relay', maxAge: '1m' } });
    await relay.start();
    const check = () => scenario.bus.checks.get('relay')?.check(new AbortController().signal);
    await check();
    scenario.broken = away;
    await expect(check()).rejects.toThrow('away');
    scenario.broken = () => undefined;
    scenario.bus.status = 'reconnecting';
    await scenario.save('a1');
    await scenario.clock.advance(61_000);
    await expect(check()).rejects.toThrow('the oldest event in the outbox waits for 61 s');
    expect(scenario.bus.checks.get('relay')?.metrics?.()).toMatchObject({ pending: 1, oldestAgeMs: 61_000 });
    await relay.stop();
    expect(scenario.bus.checks.size).toBe(0);
  });
});

describe('two relays on one bus', () => {
  it('need names of their own for their health checks', async () => {
    const scenario = new RelayScenario();
    await using first = scenario.relay();
    await first.start();
    const second = scenario.relay();
    await expect(second.start()).rejects.toThrow("a health check named 'outbox'");
    await using third = scenario.relay({ health: { name: 'outbox-2' } });
    await third.start();
    expect([...scenario.bus.checks.keys()]).toEqual(['outbox', 'outbox-2']);
  });
});

describe('a bus that is not connected', () => {
  it('gets no events until it is', async () => {
    const scenario = new RelayScenario();
    scenario.bus.status = 'reconnecting';
    await scenario.save('a1');
    const relay = scenario.relay({ pollInterval: '1h' });
    await relay.start();
    await scenario.clock.advance(60_000);
    expect(scenario.calls.claim).toBeUndefined();
    scenario.bus.status = 'connected';
    scenario.bus.emit('reconnected');
    await scenario.settle();
    expect(scenario.bus.names).toEqual(['a1']);
    await relay.stop();
  });
});

describe('stop', () => {
  it('waits for what was sent, and hands the rest back', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = () => 'hang';
    await scenario.save('a1', 'a2', 'b1');
    const relay = scenario.relay({ concurrency: 1 });
    await relay.start();
    await scenario.settle();
    const stopped = relay.stop();
    await scenario.settle();
    scenario.bus.sent[0]?.acknowledge();
    await stopped;
    expect(scenario.bus.names).toEqual(['a1']);
    expect(scenario.status('a1')).toBe('published');
    expect((await scenario.store.claim(10, 1000)).length).toBe(2);
    expect(scenario.clock.pending).toBe(0);
  });

  it('gives up at its timeout; the leases run out', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = () => 'hang';
    await scenario.save('a1');
    const relay = scenario.relay({ lease: '30s' });
    await relay.start();
    await scenario.settle();
    const stopped = relay.stop({ timeout: '2s' });
    await scenario.clock.advance(2000);
    await stopped;
    await scenario.clock.advance(30_000);
    expect((await scenario.store.claim(10, 1000)).length).toBe(1);
  });

  it('does not wait for a store that never answers, and hands back what it claims later', async () => {
    const scenario = new RelayScenario();
    let answer: () => void = () => {};
    const claim = scenario.store.claim.bind(scenario.store);
    scenario.store.claim = async (limit, lease) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return claim(limit, lease);
    };
    await scenario.save('a1');
    const relay = scenario.relay();
    await relay.start();
    await scenario.settle();
    await relay.stop();
    answer();
    await scenario.settle();
    expect(scenario.bus.names).toEqual([]);
    expect((await claim(10, 1000)).length).toBe(1);
  });

  it('may be followed by another start', async () => {
    const scenario = new RelayScenario();
    const relay = scenario.relay();
    await relay.start();
    await Promise.all([relay.stop(), relay.stop()]);
    await scenario.save('a1');
    expect((await relay.runOnce()).published).toBe(1);
    await Promise.all([relay.start(), relay.start()]);
    await scenario.save('a2');
    await scenario.settle();
    expect(scenario.bus.names).toEqual(['a1', 'a2']);
    await relay.stop();
  });
});

describe('runOnce', () => {
  it('rejects where the store cannot be asked', async () => {
    const scenario = new RelayScenario();
    scenario.broken = away;
    await expect(scenario.relay().runOnce()).rejects.toThrow('away');
  });

  it('tells of what failed', async () => {
    const scenario = new RelayScenario();
    scenario.bus.answer = ({ name }) => (name === 'a1' ? new Error('no') : 'acknowledge');
    await scenario.save('a1', 'b1');
    const relay = scenario.relay({ maxRetries: 0 });
    expect(await relay.runOnce()).toEqual({ claimed: 2, published: 1, retrying: 0, failed: 1 });
    expect(await relay.runOnce()).toEqual({ claimed: 0, published: 0, retrying: 0, failed: 0 });
  });
});

describe('options', () => {
  it.each([
    [{ batchSize: 0 }, /batchSize must be a positive integer/],
    [{ polInterval: '5s' }, /unknown option 'polInterval', did you mean 'pollInterval'/],
    [{ pollInterval: 'often' }, /pollInterval must be a duration/],
    [{ health: { maxage: 1 } }, /health.maxAge/],
    [{ retention: true }, /retention must be false or a duration/],
    [{ store: {} }, /store must be an outbox store/],
    [{ bus: undefined }, /needs \{ bus, store \}/],
  ])('%o are refused', (options, message) => {
    const scenario = new RelayScenario();
    const all = { bus: scenario.bus.asBus, store: scenario.store, ...options };
    expect(() => new OutboxRelay(all as never)).toThrow(ConfigError);
    expect(() => new OutboxRelay(all as never)).toThrow(message);
  });

  it('may switch things off', () => {
    const scenario = new RelayScenario();
    expect(() => scenario.relay({ health: false, retention: false })).not.toThrow();
  });
});

/** Questions to the store. */
function total({ calls }: RelayScenario): number {
  const { watch: _, ...queries } = calls;
  return Object.values(queries).reduce((sum, n) => sum + n, 0);
}
