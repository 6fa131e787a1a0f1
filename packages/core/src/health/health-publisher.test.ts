import { describe, expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { deferred } from '../util/promise.js';
import { ProbePublisher } from './health-publisher.js';
import type { Probe } from './probe.js';
import type { HealthCheckEvent } from './types.js';

function probing(send: (probe: Probe, json: string, signal: AbortSignal) => Promise<void> = async () => {}) {
  const clock = new ManualClock();
  const events: HealthCheckEvent[] = [];
  const suspected: unknown[] = [];
  const connectedSince = (at: number) => ({ status: 'connected', since: at });
  const link = { state: connectedSince(clock.monotonic() - 60_000) };
  const sent: Probe[] = [];
  const publisher = new ProbePublisher({
    clock,
    topic: 'probes',
    interval: 1_000,
    failureThreshold: 3,
    source: 'orders',
    eventBusType: 'memory',
    send: (probe, json, signal) => {
      sent.push(probe);
      return send(probe, json, signal);
    },
    onChecked: (event) => events.push(event),
    connection: () => link.state,
    connectedMs: () => clock.monotonic() - link.state.since,
    connectTimeout: 1_500,
    onSuspect: (error) => suspected.push(error),
  });
  return { clock, publisher, events, suspected, sent, link, connectedSince };
}

const refused = new Error('refused');

describe('the health publisher', () => {
  it('sends a probe at once, and then one every interval', async () => {
    const { clock, publisher, events, sent } = probing();
    expect(publisher.status()).toMatchObject({ running: false, healthy: true, lastSuccessAt: undefined });
    await publisher.start();
    await publisher.start();
    expect(sent).toHaveLength(1);
    await clock.advance(2_500);
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ metadata }) => metadata.instanceId)).size).toBe(1);
    expect(events).toHaveLength(3);
    expect(events[0]).toMatchObject({ healthy: true, topic: 'probes', consecutiveFailures: 0 });
    expect(publisher.status()).toEqual({
      running: true,
      healthy: true,
      consecutiveFailures: 0,
      lastSuccessAt: new Date(clock.now() - 500),
      lastFailureAt: undefined,
      eventBusType: 'memory',
      source: 'orders',
    });
    expect(publisher.latencyMs).toBeGreaterThanOrEqual(0);
  });

  it('is healthy while fewer fail in a row than the threshold; one success resets', async () => {
    let failing = true;
    const { clock, publisher, events, suspected } = probing(async () => {
      if (failing) throw refused;
    });
    await publisher.start();
    await clock.advance(1_500);
    expect(publisher.status()).toMatchObject({ healthy: true, consecutiveFailures: 2 });
    expect(suspected).toEqual([]);
    await clock.advance(1_000);
    expect(publisher.status()).toMatchObject({ healthy: false, consecutiveFailures: 3 });
    expect(suspected).toEqual([refused]);
    expect(events.at(-1)).toMatchObject({ healthy: false, error: refused, consecutiveFailures: 3 });
    await clock.advance(3_000);
    expect(suspected).toHaveLength(2);
    failing = false;
    await clock.advance(1_000);
    expect(publisher.status()).toMatchObject({ healthy: true, consecutiveFailures: 0 });
    expect(publisher.status().lastFailureAt).toEqual(new Date(clock.now() - 1_500));
  });

  it('suspects the client only of what fails while it says all the time that it is connected', async () => {
    const { clock, publisher, suspected, link, connectedSince } = probing(async () => {
      throw refused;
    });
    await publisher.start();
    await clock.advance(1_000);
    link.state = { status: 'reconnecting', since: clock.monotonic() };
    await clock.advance(10_000);
    expect(publisher.status()).toMatchObject({ healthy: false, consecutiveFailures: 12 });
    expect(suspected).toEqual([]);
    link.state = connectedSince(clock.monotonic());
    clock.setWall(3_600_000);
    // One more while it is only just back, and two after that.
    await clock.advance(3_000);
    expect(suspected).toEqual([]);
    await clock.advance(1_000);
    expect(suspected).toEqual([refused]);
  });

  it('does not suspect a client that has just come back of a probe from before', async () => {
    const slow = deferred();
    const { clock, publisher, suspected, events, link, connectedSince } = probing(() => slow.promise);
    await publisher.start();
    link.state = connectedSince(clock.monotonic() - 60_000);
    slow.reject(refused);
    await clock.advance(1_000);
    expect(events).toHaveLength(2);
    expect(suspected).toEqual([]);
    await clock.advance(1_000);
    expect(suspected).toEqual([]);
    await clock.advance(1_000);
    expect(suspected).toEqual([refused]);
  });

  it('sends none while one is under way', async () => {
    const slow = deferred();
    const { clock, publisher, sent } = probing(() => slow.promise);
    await publisher.start();
    await clock.advance(3_500);
    expect(sent).toHaveLength(1);
    slow.resolve();
    await clock.advance(1_000);
    expect(sent).toHaveLength(2);
  });

  it('stops the one under way, which counts for nothing, and starts afresh', async () => {
    const { clock, publisher, sent, events } = probing(
      (_, __, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    await publisher.start();
    await clock.advance(1_500);
    await publisher.stop();
    expect(publisher.status()).toMatchObject({ running: false, healthy: true, consecutiveFailures: 0 });
    expect(events).toEqual([]);
    expect(clock.pending).toBe(0);
    await publisher.start();
    expect(sent).toHaveLength(2);
    expect(sent[1]?.metadata.instanceId).not.toBe(sent[0]?.metadata.instanceId);
  });
});
