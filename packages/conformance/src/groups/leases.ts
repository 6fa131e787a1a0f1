/** Leases of deliveries, longer and shorter than handlers: who has a message, and what becomes of those who have lost it. */
import assert from 'node:assert/strict';
import type { EventBus, SubscribeOptions } from '@ebus/core';
import { clusterOrdering, individualSettling, ordering, redelivery } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectMessages, type EventPayload, texts } from '../test-kit/collector.js';
import type { Deferred } from '../test-kit/deferred.js';
import { DeliveryWire } from '../test-kit/delivery-wire.js';
import { event } from '../test-kit/events.js';
import { History } from '../test-kit/history.js';
import type { Scenario } from '../test-kit/scenario.js';

/** Order across the members of a group, each of which has room for one event. */
const ONE_AT_A_TIME = { ordering: 'cluster', concurrency: 1 } as const satisfies SubscribeOptions;

/** Aggregates beside the one that is fought for, so many that each of three members has some where it has a share only. */
const OTHERS = Array.from({ length: 24 }, (_, index) => `other-${index}`);

interface Member {
  readonly bus: EventBus;
  readonly wire: DeliveryWire;
  /** `aggregate#sequence` of what was begun and what was handled. */
  readonly begun: string[];
  readonly handled: string[];
  /** Signals that aborted. */
  aborted: number;
}

/** A member with room for one event, whose first handler waits for the gate, or for the loss of its message. */
async function member(t: Scenario, gate?: Deferred, untilAborted = false): Promise<Member> {
  const wire = new DeliveryWire();
  const bus = await t.bus({ wire, config: { keyedWorkerPool: { queueSize: 1 } } });
  const of: Member = { bus, wire, begun: [], handled: [], aborted: 0 };
  await bus.subscribeEnvelope<EventPayload>(
    t.topic,
    async ({ aggregateId, payload }, { signal }) => {
      const label = `${aggregateId}#${payload.sequence}`;
      signal.addEventListener('abort', () => void of.aborted++);
      if (of.begun.push(label) === 1) {
        if (untilAborted) signal.addEventListener('abort', () => gate?.resolve());
        await gate?.promise;
      }
      of.handled.push(label);
    },
    ONE_AT_A_TIME,
  );
  return of;
}

/**
 * A member whose leases are not renewed any more loses its message to another, and neither has ended its handler. Where only one
 * member is active at a time it gets the message again itself: `taker` has nothing then.
 */
async function takenOver(t: Scenario, loser: Member, taker: Member): Promise<boolean> {
  await t.eventually(
    () => taker.begun.length > 0 || loser.wire.pushed > 1,
    'the message whose lease ran out comes again',
  );
  return taker.begun.length > 0;
}

/** Leases are renewed while a handler works. A member that lost its lease is told, and settles nothing. */
export const leases: Group = ({ prove, capabilities }) => {
  const isOrdered = capabilities.ordering === 'cluster';

  prove(
    ['leases'],
    [redelivery, ordering],
    'handlers that take longer than a lease, of which several wait: each event is handled once, also beside idle members',
    async (t) => {
      const one = await t.bus();
      const history = new History();
      const begun: string[] = [];
      const subscribe = (bus: EventBus) =>
        bus.subscribeEnvelope<EventPayload>(
          t.topic,
          async ({ aggregateId, payload }) => {
            begun.push(`${aggregateId}#${payload.sequence}`);
            if (aggregateId === 'slow' && payload.sequence === 1)
              await new Promise((resolve) => setTimeout(resolve, t.leaseMs * 2.5));
            history.handle(aggregateId, payload.sequence);
          },
          { ordering: isOrdered ? 'cluster' : 'instance' },
        );
      await subscribe(one);
      // Where order holds only within a member, a second one would take its share of the aggregate.
      if (isOrdered) await subscribe(await t.bus());
      const publish = async (id: string, sequence: number) => {
        await one.publishEnvelope(t.topic, event(id, sequence));
        history.accept(id, sequence);
      };
      for (let sequence = 1; sequence <= 5; sequence++) await publish('slow', sequence);
      for (let i = 0; i < 10; i++) await publish(`quick-${i}`, 1);
      await t.eventually(() => history.isComplete, 'all are handled');
      history.check();
      assert.deepEqual(
        begun.filter((label) => label.startsWith('slow')),
        [1, 2, 3, 4, 5].map((sequence) => `slow#${sequence}`),
      );
    },
  );

  prove(
    ['leases'],
    redelivery,
    'a handler that takes longer than a lease keeps its message, also where another member is free',
    async (t) => {
      const buses = [await t.bus(), await t.bus()] as const;
      const begun: string[] = [];
      const handle = async (message: { text(): string }) => {
        begun.push(message.text());
        if (begun.length === 1) await new Promise((resolve) => setTimeout(resolve, t.leaseMs * 2.5));
      };
      const subscriptions = [
        await buses[0].subscribe(t.topic, handle, { concurrency: 1 }),
        await buses[1].subscribe(t.topic, handle, { concurrency: 1 }),
      ];
      await buses[0].publish(t.topic, '1');
      await t.eventually(() => subscriptions.some((one) => one.stats().handled > 0), 'it is handled');
      await Promise.all(buses.map((bus) => bus.idle()));
      assert.deepEqual(begun, ['1']);
    },
  );

  prove(
    ['leases'],
    [redelivery],
    'members that have nothing to do for longer than a lease stay, and handle what comes',
    async (t) => {
      const bus = await t.bus();
      const seen = collectMessages();
      await bus.subscribe(t.topic, seen.handle, { concurrency: 1 });
      await bus.publish(t.topic, '1');
      await t.eventually(() => seen.size === 1);
      await new Promise((resolve) => setTimeout(resolve, t.leaseMs * 2));
      await bus.publish(t.topic, '2');
      await t.eventually(() => seen.size === 2);
      await bus.idle();
      assert.deepEqual(texts(seen), ['1', '2']);
      assert.equal((await bus.health.report()).status, 'healthy');
    },
  );

  prove(
    ['leases'],
    [redelivery, individualSettling, clusterOrdering()],
    'a member that lost its lease is told: the signal of its handler aborts',
    async (t) => {
      const [lost, kept] = [t.gate(), t.gate()];
      const loser = await member(t, lost, true);
      await loser.bus.publishEnvelope(t.topic, event('a', 1));
      await t.eventually(() => loser.begun.length === 1, 'its handler runs');
      const taker = await member(t, kept);
      const renew = loser.wire.keepRenewalsBack();
      const isTaken = await takenOver(t, loser, taker);
      renew();
      if (isTaken) await t.eventually(() => loser.aborted > 0, 'its signal aborts');
      else lost.resolve();
      kept.resolve();
      await t.eventually(() => taker.handled.length + loser.handled.length > 0, 'it is handled');
    },
  );

  for (const how of ['handled', 'handed back'] as const) {
    prove(
      ['leases'],
      [redelivery, individualSettling, clusterOrdering()],
      `what a member has lost and says is ${how} changes nothing for the one that has it now: no two of an aggregate at once`,
      async (t) => {
        const [late, running] = [t.gate(), t.gate()];
        const loser = await member(t, late);
        await loser.bus.publishEnvelope(t.topic, event('a', 1));
        await t.eventually(() => loser.begun.length === 1, 'its handler runs');
        const taker = await member(t, running);
        loser.wire.keepRenewalsBack();
        const isTaken = await takenOver(t, loser, taker);
        const third = await member(t);

        // A member that knows says nothing.
        const isTold = loser.aborted > 0;
        if (how === 'handled') late.resolve();
        // Cuts short what still runs, and gives it back.
        await loser.bus.close({ timeout: how === 'handled' ? 10_000 : 10 });
        if (!isTold) await t.eventually(() => loser.wire.settled > 0, 'what it says has arrived');
        await third.bus.publishEnvelope(t.topic, event('a', 2));
        for (const id of OTHERS) await third.bus.publishEnvelope(t.topic, event(id, 1));
        // The second member has no room: the third works on whatever is its own, in order. It may be a share.
        if (isTaken) {
          await t.eventually(() => third.handled.length > 0, 'the third member works');
          const early = third.begun.filter((label) => label.startsWith('a#'));
          assert.deepEqual(early, [], `while another member handles ${taker.begun}`);
        }
        running.resolve();
        const all = () => [...taker.handled, ...third.handled];
        const wanted = ['a#2', ...OTHERS.map((id) => `${id}#1`)];
        await t.eventually(() => wanted.every((label) => all().includes(label)), 'all are handled');
        if (isTaken) assert.deepEqual(taker.handled[0], 'a#1');
      },
    );
  }
};
