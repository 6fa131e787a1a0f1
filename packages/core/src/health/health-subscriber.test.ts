import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.js';
import { ConfigError, ConnectionError } from '../errors.js';
import { ManualClock } from '../testing/manual-clock.js';
import { deferred } from '../util/promise.js';
import { type HealthSubscriberOptions, ProbeSubscriber } from './health-subscriber.js';
import { createProbe, encodeProbe } from './probe.js';
import type { HealthAlert, ProbeRejection } from './types.js';

function watching(options: Partial<HealthSubscriberOptions> = {}) {
  const clock = new ManualClock();
  const alerts: HealthAlert[] = [];
  const rejections: ProbeRejection[] = [];
  const logged: string[] = [];
  const lines: unknown[][] = [];
  let onProbe: (text: string) => void = () => {};
  let closed = 0;
  const state = { connected: true, answers: true };
  const log =
    (level: string) =>
    (...args: unknown[]) => {
      logged.push(level);
      lines.push(args);
    };
  const subscriber = new ProbeSubscriber({
    clock,
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    topic: 'probes',
    monitorInterval: 250,
    expectedInterval: 1_000,
    messageTTL: 5_000,
    warningThreshold: 3,
    errorThreshold: 5,
    criticalThreshold: 10,
    source: 'orders',
    eventBusType: 'memory',
    join: async (listener) => {
      onProbe = listener;
      return { close: async () => void closed++ };
    },
    isConnected: () => state.connected,
    answers: async () => state.answers,
    onAlert: (alert) => alerts.push(alert),
    onRejected: (rejection) => rejections.push(rejection),
    ...options,
  });
  const probe = (at = clock.now(), type = 'memory', source = 'billing') =>
    onProbe(
      encodeProbe(
        createProbe(source, type, `${source}-1`, { now: () => at, randomBytes: systemClock.randomBytes }),
      ),
    );
  return {
    clock,
    subscriber,
    alerts,
    rejections,
    logged,
    lines,
    state,
    probe,
    say: (text: string) => onProbe(text),
    closed: () => closed,
  };
}

const severities = (alerts: readonly HealthAlert[]) => alerts.map(({ severity }) => severity);

describe('the health subscriber', () => {
  it('gives one warning, one error and one critical alert as probes stay away, then a recovery', async () => {
    const { clock, subscriber, alerts, probe } = watching();
    await subscriber.start();
    await clock.advance(500);
    probe();
    const last = clock.now();
    await clock.advance(2_900);
    expect(alerts).toEqual([]);
    await clock.advance(200);
    expect(severities(alerts)).toEqual(['warning']);
    await clock.advance(2_000);
    expect(severities(alerts)).toEqual(['warning', 'error']);
    await clock.advance(50_000);
    expect(severities(alerts)).toEqual(['warning', 'error', 'critical']);
    expect(alerts[2]).toEqual({
      alertType: 'no_messages',
      severity: 'critical',
      source: 'orders',
      eventBusType: 'memory',
      topic: 'probes',
      lastMessageAt: new Date(last),
      sinceLastMessageMs: 10_000,
      expectedIntervalMs: 1_000,
      consecutiveMisses: 10,
      timestamp: new Date(last + 10_000),
      metadata: { lastSource: 'billing' },
    });
    expect(subscriber.stats()).toMatchObject({ healthy: false, alerts: 3, consecutiveMisses: 55 });
    expect(subscriber.severity).toBe('critical');
    probe();
    expect(severities(alerts)).toEqual(['warning', 'error', 'critical', 'recovered']);
    expect(subscriber.stats()).toMatchObject({ healthy: true, alerts: 4, consecutiveMisses: 0, received: 2 });
    expect(subscriber.severity).toBeUndefined();
    await clock.advance(3_500);
    expect(severities(alerts).slice(4)).toEqual(['warning']);
  });

  it('counts from its start while nothing has come', async () => {
    const { clock, subscriber, alerts } = watching();
    await subscriber.start();
    await clock.advance(3_000);
    expect(alerts[0]).toMatchObject({
      severity: 'warning',
      lastMessageAt: undefined,
      sinceLastMessageMs: 3_000,
    });
    expect(alerts[0]?.metadata).toEqual({});
  });

  it('says what is the matter: no connection, or probes that come too late', async () => {
    const lost = watching();
    await lost.subscriber.start();
    lost.state.connected = false;
    await lost.clock.advance(3_000);
    expect(lost.alerts[0]).toMatchObject({ alertType: 'connection_lost' });

    const late = watching();
    await late.subscriber.start();
    await late.clock.advance(1_000);
    late.probe(late.clock.now() - 5_001);
    await late.clock.advance(2_000);
    expect(late.alerts[0]).toMatchObject({ alertType: 'message_expired' });
  });

  it('asks the broker before it says that only probes stay away: the client may not know yet that it is alone', async () => {
    const { clock, subscriber, alerts, state } = watching();
    await subscriber.start();
    state.answers = false;
    await clock.advance(10_000);
    expect(alerts.map(({ severity, alertType }) => `${severity} ${alertType}`)).toEqual([
      'warning connection_lost',
      'error connection_lost',
      'critical connection_lost',
    ]);
  });

  it('says nothing where a probe comes while the broker is asked', async () => {
    const asked = deferred<boolean>();
    const { clock, subscriber, alerts, probe } = watching({ answers: () => asked.promise });
    await subscriber.start();
    await clock.advance(3_000);
    probe();
    asked.resolve(true);
    await clock.advance(2_000);
    expect(alerts).toEqual([]);
  });

  it('takes every step, also where nothing was looked at for long', async () => {
    const { clock, subscriber, alerts } = watching();
    await subscriber.start();
    clock.block(20_000);
    await clock.advance(250);
    expect(severities(alerts)).toEqual(['warning', 'error', 'critical']);
  });

  it('stops at once while the broker is asked', async () => {
    const { clock, subscriber, alerts } = watching({
      answers: (signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(false), { once: true })),
    });
    await subscriber.start();
    await clock.advance(3_000);
    await subscriber.stop();
    expect(alerts).toEqual([]);
  });

  it('reports probes that do not count as what they are, and does not count them', async () => {
    const { clock, subscriber, rejections, logged, probe, say } = watching();
    await subscriber.start();
    await clock.advance(1_000);
    say('nonsense');
    probe(clock.now(), 'kafka');
    probe(clock.now() - 5_001);
    probe(clock.now() + 60_001);
    expect(rejections).toEqual(['malformed', 'foreign', 'expired', 'future']);
    expect(logged).toEqual(['warn', 'warn', 'warn', 'warn']);
    expect(subscriber.stats()).toMatchObject({
      received: 0,
      rejected: { malformed: 1, foreign: 1, expired: 1, future: 1 },
      lastMessageAt: undefined,
      consecutiveMisses: 1,
    });
  });

  it('tells who sent the newest probe, and how long it took', async () => {
    const { clock, subscriber, probe } = watching();
    await subscriber.start();
    probe(clock.now() - 40);
    expect(subscriber.stats()).toMatchObject({ lastSource: 'billing', received: 1 });
    expect(subscriber.latencyMs).toBe(40);
    await clock.advance(1_500);
    expect(subscriber.stats()).toMatchObject({ uptimeSeconds: 1.5, consecutiveMisses: 1, running: true });
  });

  it('leaves the topic when stopped, and begins anew when started again', async () => {
    const { clock, subscriber, alerts, probe, closed } = watching();
    expect(subscriber.stats()).toMatchObject({ running: false, startedAt: undefined, uptimeSeconds: 0 });
    await subscriber.start();
    await subscriber.start();
    await clock.advance(3_000);
    expect(alerts).toHaveLength(1);
    await subscriber.stop();
    expect(closed()).toBe(1);
    expect(clock.pending).toBe(0);
    probe();
    await clock.advance(20_000);
    expect(alerts).toHaveLength(1);
    expect(subscriber.stats()).toMatchObject({ running: false, received: 0 });
    await subscriber.start();
    expect(subscriber.stats()).toMatchObject({
      running: true,
      alerts: 0,
      healthy: true,
      consecutiveMisses: 0,
    });
    probe();
    expect(subscriber.stats().received).toBe(1);
  });

  it('goes on trying to subscribe, and watches meanwhile', async () => {
    let attempts = 0;
    const { clock, subscriber, alerts, logged } = watching({
      join: async () => {
        attempts++;
        throw attempts === 1 ? new ConnectionError('away') : new ConfigError('not allowed');
      },
    });
    await subscriber.start();
    expect(attempts).toBe(1);
    expect(logged).toEqual(['warn']);
    await clock.advance(10_000);
    expect(attempts).toBeGreaterThan(2);
    expect(logged).toContain('error');
    expect(severities(alerts)).toEqual(['warning', 'error', 'critical']);
    await subscriber.stop();
    const before = attempts;
    await clock.advance(60_000);
    expect(attempts).toBe(before);
  });

  it('does not make who starts it wait for a connection that is not there', async () => {
    const joined = deferred<{ close(): Promise<void> }>();
    const { subscriber, state } = watching({ join: () => joined.promise });
    state.connected = false;
    await subscriber.start();
    expect(subscriber.stats().running).toBe(true);
    joined.resolve({ close: async () => {} });
    await subscriber.stop();
  });

  it('gives up a subscription that is being made when it is stopped', async () => {
    const { subscriber } = watching({
      join: (_, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const starting = subscriber.start();
    await subscriber.stop();
    await starting;
    expect(subscriber.stats().running).toBe(false);
  });

  describe('that watches another service', () => {
    const forged = (clock: ManualClock) => createProbe('mallory', 'memory', 'mallory-1', clock);

    it('counts the probes of the expected one only', async () => {
      const { clock, subscriber, alerts, probe, say } = watching({
        watchesOther: true,
        expectedSource: 'billing',
      });
      await subscriber.start();
      probe();
      for (let second = 0; second < 4; second++) {
        await clock.advance(1_000);
        say(encodeProbe(forged(clock)));
      }
      expect(severities(alerts)).toEqual(['warning']);
      expect(alerts[0]?.metadata).toEqual({ lastSource: 'billing', watchedSource: 'billing' });
      expect(subscriber.stats()).toMatchObject({
        received: 1,
        lastSource: 'billing',
        rejected: { foreign: 4 },
      });
    });

    it('counts those of the one that was seen first, where none is expected', async () => {
      const { clock, subscriber, alerts, probe, say } = watching({ watchesOther: true });
      await subscriber.start();
      probe();
      await clock.advance(3_000);
      say(encodeProbe(forged(clock)));
      await clock.advance(250);
      expect(severities(alerts)).toEqual(['warning']);
      probe();
      expect(severities(alerts)).toEqual(['warning', 'recovered']);
      await subscriber.stop();
      await subscriber.start();
      say(encodeProbe(forged(clock)));
      expect(subscriber.stats().lastSource).toBe('mallory');
    });
  });

  it('takes probes of any service on its own topic', async () => {
    const { subscriber, probe } = watching();
    await subscriber.start();
    probe();
    probe(undefined, undefined, 'payments');
    expect(subscriber.stats()).toMatchObject({
      received: 2,
      lastSource: 'payments',
      rejected: { foreign: 0 },
    });
  });

  it('says little about many probes that do not count, and nothing long', async () => {
    const { clock, subscriber, lines, say, probe } = watching();
    await subscriber.start();
    for (let i = 0; i < 5_000; i++) say('x');
    say(encodeProbe({ ...createProbe('billing', 'y'.repeat(10_000), 'billing-1', clock) }));
    say(JSON.stringify({ padding: 'z'.repeat(1_000_000) }));
    await clock.advance(250);
    await clock.advance(250);
    say('x');
    expect(lines.map(([, note]) => note)).toEqual([
      'a health probe does not count',
      'a health probe does not count',
      'more health probes like that do not count',
      'a health probe does not count',
    ]);
    expect(lines[2]?.[0]).toMatchObject({ rejection: 'malformed', count: 5_000 });
    expect(Math.max(...lines.map((line) => JSON.stringify(line).length))).toBeLessThan(400);
    probe();
    expect(subscriber.stats()).toMatchObject({ received: 1, rejected: { malformed: 5_002, foreign: 1 } });
  });
});
