/** Replacing the client again and again while messages flow: nothing is lost, order holds, every option is kept. */
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { nats } from './index.js';
import { consumerName, streamName } from './names.js';
import { Cleanup, event, eventually, History, natsBus, uniqueName } from './testing/harness.js';

/** Events that are published and not handled yet. */
const MOST_AHEAD = 1_000;

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** What a client was really made with; functions by their presence. */
function settingsOf(connection: unknown): Record<string, unknown> {
  const { options } = connection as { options: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, typeof value === 'function' ? 'set' : value]),
  );
}

describe.each(['current', '2.9'])('on a %s server that demands a login', (version) => {
  let server: Service;
  beforeAll(async () => {
    const config = 'authorization { user: app, password: right }';
    server = await startService('nats', { own: true, version, config });
  });
  afterAll(() => server.close());

  it('under load', async () => {
    const [orders, audit, ticks, live] = [1, 2, 3, 4].map(() => uniqueName('topic')) as [
      string,
      string,
      string,
      string,
    ];
    const service = uniqueName('service');
    const bus = cleanup.add(
      await natsBus(server.addresses, {
        service,
        nats: {
          clientId: 'the-client',
          maxReconnects: 1_000,
          reconnectWait: '70ms',
          connectionTimeout: '3s',
          security: { enabled: true, username: 'app', password: 'right' },
          jetstream: { ackWait: '2s', consumer: { maxAckPending: 300 } },
        },
        common: { topics: { [live]: { persistence: 'ephemeral' } } },
      }),
      (one) => one.close({ timeout: '5s' }),
    );
    const histories = [new History(), new History()];
    let running = 0;
    let most = 0;
    for (const [index, group] of ['billing', 'shipping'].entries()) {
      await bus.subscribeEnvelope<{ sequence: number }>(
        orders,
        async ({ aggregateId, payload }) => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          (histories[index] as History).handle(aggregateId, payload.sequence);
          running--;
        },
        { group, concurrency: 4 },
      );
    }
    const audited = new Set<string>();
    let auditing = 0;
    let auditedAtOnce = 0;
    await bus.publish(audit, 'before');
    await bus.subscribe(
      audit,
      async (message) => {
        auditedAtOnce = Math.max(auditedAtOnce, ++auditing);
        await new Promise((resolve) => setImmediate(resolve));
        audited.add(message.text());
        auditing--;
      },
      { concurrency: 2, from: 'latest' },
    );
    const ticked: number[] = [];
    const rateLimit = { perSecond: 50, burst: 1 };
    await bus.subscribe(ticks, () => void ticked.push(performance.now()), { rateLimit });
    for (let i = 0; i < 1_000; i++) await bus.publish(ticks, `${i}`);
    const heard: string[] = [];
    await bus.subscribe(live, (message) => void heard.push(message.text()));

    let publishing = true;
    const accepted: string[] = [];
    const publishers = Array.from({ length: 8 }, async (_, i) => {
      const id = `order-${i}`;
      for (let sequence = 1; publishing; sequence++) {
        // However fast publishing is compared with handling: what is left at the end is bounded.
        while (publishing && histories.some((one) => one.acceptedCount - one.handledCount > MOST_AHEAD)) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        // Each is awaited, and tried until it is accepted, as an outbox does; the event id stays the same.
        const input = { ...event(id, sequence), eventId: `${id}-${sequence}` };
        for (let done = false; !done; ) {
          done = await bus.publishEnvelope(orders, input).then(
            () => true,
            (error: { retryable: boolean }) => {
              expect(error.retryable).toBe(true);
              return false;
            },
          );
        }
        for (const history of histories) history.accept(id, sequence);
        const text = `${id} ${sequence}`;
        await bus.publish(audit, text).then(
          () => void accepted.push(text),
          (error: { retryable: boolean }) => expect(error.retryable).toBe(true),
        );
      }
    });

    const told: string[] = [];
    bus.on('reconnected', async () => {
      told.push('first begins');
      await new Promise((resolve) => setImmediate(resolve));
      told.push('first ends');
    });
    bus.on('reconnected', () => void told.push('second'));
    const seen = new Set<unknown>([nats.native(bus).connection]);
    const settings = settingsOf(nats.native(bus).connection);
    expect(settings).toMatchObject({
      ...{ user: 'app', name: 'the-client', timeout: 3_000 },
      ...{ maxReconnectAttempts: 1_000, reconnectTimeWait: 70 },
    });
    const consumerOf = async (group: string, topic: string) => {
      const { jetstreamManager } = nats.native(bus);
      return (await jetstreamManager?.consumers.info(streamName(topic), consumerName(group, topic)))?.config;
    };
    const consumers = () =>
      Promise.all([
        consumerOf('billing', orders),
        consumerOf('shipping', orders),
        consumerOf(service, audit),
        consumerOf(service, ticks),
      ]);
    const made = await consumers();
    expect(made[0]).toMatchObject({ max_ack_pending: 300, ack_wait: 2_000_000_000, deliver_policy: 'all' });
    expect(made[2]).toMatchObject({ deliver_policy: 'new' });
    const rounds = 6;
    for (let round = 1; round <= rounds; round++) {
      const before = histories.map((history) => history.handledCount);
      await eventually(() => histories.every((one, i) => one.handledCount > (before[i] as number) + 50));
      // Several at once are one.
      await Promise.all([bus.connection.reconnect(), bus.connection.reconnect(), bus.connection.reconnect()]);
      await eventually(() => told.length === 3 * round);
      expect(settingsOf(nats.native(bus).connection)).toEqual(settings);
      expect(seen.add(nats.native(bus).connection).size).toBe(round + 1);
      await bus.publish(live, `round ${round}`);
      await eventually(() => heard.includes(`round ${round}`));
    }
    expect(await consumers()).toEqual(made);
    publishing = false;
    await Promise.all(publishers);
    await eventually(() => histories.every((history) => history.isComplete));
    for (const history of histories) history.check();
    await eventually(() => accepted.every((text) => audited.has(text)));
    expect(audited.has('before')).toBe(false);
    expect(most, 'two groups of four').toBeLessThanOrEqual(8);
    expect(auditedAtOnce).toBeLessThanOrEqual(2);
    expect(told).toEqual(
      Array.from({ length: rounds }, () => ['first begins', 'first ends', 'second']).flat(),
    );
    await eventually(() => ticked.length > 20);
    const perSecond = ((ticked.length - 1) * 1_000) / ((ticked.at(-1) as number) - (ticked[0] as number));
    expect(perSecond).toBeLessThan(55);
    expect(bus.connection.state()).toMatchObject({ status: 'connected', reconnects: rounds });
  }, 60_000);
});
