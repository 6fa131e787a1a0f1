/** Consumers that are stuck while their connection is fine are unhealthy; idle and busy ones are not. */
import type { EventBus } from '@ebus/core';
import { type ServiceAddress, sharedService } from '@ebus/services';
import { DiscardPolicy } from '@nats-io/jetstream';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cleanup, eventually, natsBus, plainClient, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const WATCHED = {
  subscriber: {
    backlogDetection: { enabled: true, checkInterval: '100ms' },
    errorHandling: { retryBackoffBase: 1, retryBackoffMax: 5 },
  },
  healthCheck: { report: { stalledAfter: '1s' } },
} as const;

async function consumersOf(bus: EventBus) {
  const { status, ready, checks } = await bus.health.report();
  const connection = checks.find(({ name }) => name === 'connection')?.status;
  return { status, ready, connection, reason: checks.find(({ name }) => name === 'consumers')?.reason };
}

const stuckBecause = (bus: EventBus, reason: RegExp) =>
  eventually(async () =>
    expect(await consumersOf(bus)).toEqual({
      status: 'unhealthy',
      ready: false,
      connection: 'healthy',
      reason: expect.stringMatching(reason),
    }),
  );

describe.each(['current', '2.9'])('on a %s server', (version) => {
  let server: ServiceAddress;
  beforeAll(async () => {
    server = await sharedService('nats', { version });
  });
  const start = async () =>
    cleanup.add(await natsBus(server.addresses, { common: WATCHED }), (one) =>
      one.close({ timeout: '100ms' }),
    );

  it('a dead-letter topic that takes no message more is unhealthy, with a connection that is fine', async () => {
    const [topic, full] = [uniqueName('topic'), uniqueName('dead')];
    const plain = cleanup.add(await plainClient(server.addresses), ({ connection }) => connection.close());
    const stream = { name: uniqueName('stream'), subjects: [full], max_msgs: 1, discard: DiscardPolicy.New };
    await plain.manager.streams.add(stream);
    plain.connection.publish(full, 'the only one');
    const bus = await start();
    const options = { maxRetries: 0, deadLetterTopic: full } as const;
    await bus.subscribe(topic, () => Promise.reject(new Error('no')), options);
    await bus.publish(topic, 'x');
    await stuckBecause(bus, /settling is stuck: the oldest of 1 unsettled messages is dead-lettering and/);
    await plain.manager.streams.purge(stream.name);
    await eventually(async () => expect((await consumersOf(bus)).status).toBe('healthy'), 'repaired');
  }, 40_000);
});
