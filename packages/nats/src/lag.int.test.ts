/** The lag that is reported is what a client that knows nothing of ebus computes. */
import type { EventBus, SubscriberBacklogEvent } from '@ebus/core';
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { consumerName, streamName } from './names.js';
import {
  Cleanup,
  eventually,
  gate,
  natsBus,
  type Plain,
  plainClient,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const WATCHING = {
  subscriber: { backlogDetection: { enabled: true, checkInterval: '50ms', maxLagThreshold: 5 } },
} as const;

async function lagOf({ manager }: Plain, group: string, topic: string): Promise<number> {
  const info = await manager.consumers.info(streamName(topic), consumerName(group, topic));
  return info.num_pending + info.num_ack_pending;
}

function watched(bus: EventBus) {
  const events: SubscriberBacklogEvent[] = [];
  bus.on('subscriberBacklog', (one) => void events.push(one));
  const stateOf = (topic: string) => {
    const state = bus.backlog.subscriber.states().find((one) => one.topic === topic);
    return state !== undefined && 'lagCount' in state ? state : undefined;
  };
  return { events, stateOf };
}

describe.each(['current', '2.9'])('on a %s server', (version) => {
  let server: Service;
  beforeAll(async () => {
    server = await startService('nats', { own: true, version });
  });
  afterAll(() => server.close());

  it('it equals what the server counts: consumed, held up, halted, paused, idle; and is an error while it cannot be asked', async () => {
    const plain = cleanup.add(await plainClient(server.addresses), ({ connection }) => connection.close());
    const [topic, idle, halting, paused] = [1, 2, 3, 4].map(() => uniqueName('topic')) as [
      string,
      string,
      string,
      string,
    ];
    const service = uniqueName('service');
    const bus = cleanup.add(await natsBus(server.addresses, { service, common: WATCHING }), (one) =>
      one.close({ timeout: '1s' }),
    );
    const { events, stateOf } = watched(bus);
    const stuck = gate();
    let handled = 0;
    await bus.subscribe(
      topic,
      async (message) => {
        if (message.text() === '3') await stuck.promise;
        handled++;
      },
      { concurrency: 20 },
    );
    await bus.subscribe(idle, () => {});
    const refuse = () => Promise.reject(new Error('no'));
    await bus.subscribe(halting, refuse, { maxRetries: 0, onExhausted: 'halt' });
    const standing = await bus.subscribe(paused, () => {});
    standing.pause();
    const began = Date.now();
    for (let i = 0; i < 9; i++) {
      await bus.publish(topic, `${i}`);
      await bus.publish(paused, `${i}`);
      if (i < 4) await bus.publish(halting, `${i}`);
    }
    await eventually(() => handled === 8);
    const expected = { [topic]: 1, [idle]: 0, [halting]: 4, [paused]: 9 };
    for (const [name, lag] of Object.entries(expected)) {
      await eventually(async () => expect(await lagOf(plain, service, name)).toBe(lag), `lag of ${name}`);
      await eventually(() => expect(stateOf(name)?.lagCount).toBe(lag), `reported lag of ${name}`);
    }
    const age = stateOf(paused)?.lagTimeMs ?? 0;
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThanOrEqual(Date.now() - began + 50);
    expect(stateOf(idle)?.lagTimeMs).toBe(0);
    expect(events.some((one) => one.topic === idle || one.topic === topic)).toBe(false);

    events.length = 0;
    await server.stop();
    await eventually(() => events.some((one) => 'error' in one && one.error !== undefined));
    await eventually(() => bus.backlog.subscriber.states().every((one) => !('lagCount' in one)));
    await server.restart();
    await eventually(() => expect(stateOf(paused)?.lagCount).toBe(9));
    stuck.resolve();
    standing.resume();
    await eventually(() =>
      events.some((one) => one.topic === paused && 'lagCount' in one && one.lagCount === 0),
    );
    expect(events.findLast((one) => one.topic === paused)).toMatchObject({ hasBacklog: false, lagTimeMs: 0 });
    await eventually(() => expect(stateOf(topic)?.lagCount).toBe(0));
  }, 40_000);
});
