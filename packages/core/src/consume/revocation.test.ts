import { describe, expect, it } from 'vitest';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { deferred } from '../util/promise.js';

const envelope = (aggregateId: string, partition: number, offset: number) => ({
  token: `${partition}:${offset}`,
  key: aggregateId,
  position: { partition, offset },
  value: JSON.stringify({
    event_id: `${aggregateId}-${offset}`,
    aggregate_id: aggregateId,
    event_type: 'OrderCreated',
    event_version: 1,
    timestamp: '2024-01-01T00:00:00Z',
    payload: {},
  }),
});

const never = () => ({ signal: new AbortController().signal });

/** A subscription whose handlers wait to be let go, with two messages of one key in partition 0 and one in 1. */
async function threeInFlight(leaseMs?: number) {
  const { bus, driver, clock } = await scriptedBus(
    {},
    { driver: Object.assign(new ScriptedDriver(), { leaseMs }) },
  );
  const begun: string[] = [];
  const signals = new Map<string, AbortSignal>();
  const gates = new Map<string, ReturnType<typeof deferred<void>>>();
  const subscription = await bus.subscribeEnvelope(
    'orders',
    (event, context) => {
      const gate = deferred();
      begun.push(event.eventId);
      signals.set(event.eventId, context.signal);
      gates.set(event.eventId, gate);
      return gate.promise;
    },
    { maxRetries: 3 },
  );
  const [below] = driver.subscriptions;
  below!.deliver(envelope('a', 0, 10), envelope('a', 0, 11), envelope('b', 1, 5));
  await settle();
  const events: unknown[] = [];
  bus.on('assigned', (event) => void events.push(['assigned', event]));
  bus.on('revoked', (event) => void events.push(['revoked', event]));
  return { bus, clock, below: below!, begun, signals, gates, subscription, events };
}

describe('a revoked partition', () => {
  it('lets run what runs and settles it, and begins nothing more of it', async () => {
    const { below, begun, gates, subscription, events } = await threeInFlight();
    let released = false;
    const revoked = below.sink.revoked([0], never()).then(() => {
      released = true;
    });
    await settle();
    expect(released).toBe(false);
    gates.get('a-10')!.resolve();
    await revoked;
    expect(below.settled).toEqual([{ token: '0:10', outcome: 'handled' }]);
    expect(begun).toEqual(['a-10', 'b-5']);
    expect(subscription.stats()).toMatchObject({ inFlight: 1, running: 1 });
    expect(events).toEqual([['revoked', { topic: 'orders', group: 'ebus', partitions: [0], lost: false }]]);
  });

  it('is told of leases that are lost while it is revoked: those handlers abort, and settle nothing', async () => {
    const { below, signals, begun, subscription } = await threeInFlight();
    const revoked = below.sink.revoked([0], never());
    await settle();
    below.sink.lost(['0:10']);
    await revoked;
    expect([signals.get('a-10')!.aborted, signals.get('b-5')!.aborted]).toEqual([true, false]);
    expect([below.settled, begun]).toEqual([[], ['a-10', 'b-5']]);
    expect(subscription.stats()).toMatchObject({ inFlight: 1 });
  });

  it('waits for the confirmations of its own messages, and not for those of other partitions', async () => {
    const { below, gates } = await threeInFlight();
    const confirmed: [partition: string, answer: ReturnType<typeof deferred<void>>][] = [];
    below.settle = (done) => {
      const answer = deferred();
      confirmed.push([String(done[0]?.token).split(':')[0] as string, answer]);
      return answer.promise;
    };
    gates.get('b-5')!.resolve();
    await settle();
    let released = false;
    const revoked = below.sink.revoked([0], never()).then(() => {
      released = true;
    });
    gates.get('a-10')!.resolve();
    await settle();
    expect([confirmed.map(([partition]) => partition), released]).toEqual([['1', '0'], false]);
    confirmed[1]![1].resolve();
    await revoked;
  });

  it('is given up in time: signals abort, and nothing is settled', async () => {
    const { below, signals, subscription, clock } = await threeInFlight();
    const limit = new AbortController();
    const revoked = below.sink.revoked([0], { signal: limit.signal });
    await settle();
    limit.abort();
    await settle();
    expect(signals.get('a-10')!.aborted).toBe(true);
    expect(signals.get('b-5')!.aborted).toBe(false);
    await clock.advance(100);
    await revoked;
    expect(below.settled).toEqual([]);
    expect(subscription.stats().inFlight).toBe(1);
  });

  it('may be lost before that is over: what runs is aborted, and nothing of it is settled', async () => {
    const { below, gates, signals, subscription } = await threeInFlight();
    const revoked = below.sink.revoked([0], never());
    await settle();
    below.sink.unassigned([0, 1]);
    expect(signals.get('a-10')!.aborted).toBe(true);
    await revoked;
    gates.get('a-10')!.resolve();
    await settle();
    expect(below.settled).toEqual([]);
    expect(subscription.stats().inFlight).toBe(0);
  });

  it('does not wait for a retry', async () => {
    const { below, gates, begun, clock } = await threeInFlight();
    gates.get('a-10')!.reject(new Error('later'));
    await settle();
    await below.sink.revoked([0], never());
    await clock.advance(60_000);
    expect(begun).toEqual(['a-10', 'b-5']);
    expect(below.settled).toEqual([]);
  });

  it('does not begin one either', async () => {
    const { below, gates, begun, clock } = await threeInFlight();
    const revoked = below.sink.revoked([0], never());
    gates.get('a-10')!.reject(new Error('later'));
    await revoked;
    await clock.advance(60_000);
    expect(begun).toEqual(['a-10', 'b-5']);
    expect(below.settled).toEqual([]);
  });
});

describe('a revoked partition of a broker with leases', () => {
  it('goes back in the order of the log, apart from messages that were handled', async () => {
    const { below, gates } = await threeInFlight(30_000);
    below.deliver(envelope('c', 0, 13), envelope('c', 0, 12));
    await settle();
    const revoked = below.sink.revoked([0], never());
    gates.get('a-10')!.resolve();
    gates.get('c-13')!.reject(new Error('later'));
    await revoked;
    expect(below.settled).toEqual([
      { token: '0:10', outcome: 'handled' },
      { token: '0:11', outcome: 'released' },
      { token: '0:12', outcome: 'released' },
      { token: '0:13', outcome: 'released' },
    ]);
  });

  it('does not go back where it was lost meanwhile, whether it ran or waited', async () => {
    const { below, begun } = await threeInFlight(30_000);
    const revoked = below.sink.revoked([0], never());
    await settle();
    below.sink.unassigned([0]);
    await revoked;
    expect([below.settled, begun]).toEqual([[], ['a-10', 'b-5']]);
  });

  it('does not give back what lost its lease meanwhile, whether it ran or waited', async () => {
    const { below, begun } = await threeInFlight(30_000);
    below.deliver(envelope('a', 0, 12));
    const revoked = below.sink.revoked([0], never());
    await settle();
    below.sink.lost(['0:10', '0:11']);
    await revoked;
    expect(below.settled).toEqual([{ token: '0:12', outcome: 'released' }]);
    expect(begun).toEqual(['a-10', 'b-5']);
  });

  it('keeps the leases of messages that wait to go back', async () => {
    const { below, clock, gates } = await threeInFlight(30_000);
    const revoked = below.sink.revoked([0], never());
    await clock.advance(10_000);
    expect(below.extended.map((tokens) => tokens.toSorted())).toEqual([['0:10', '0:11', '1:5']]);
    gates.get('a-10')!.resolve();
    await revoked;
  });
});

describe('a lost partition', () => {
  it('aborts what runs, and nothing of it is settled', async () => {
    const { below, signals, gates, subscription, events } = await threeInFlight();
    below.sink.unassigned([0]);
    expect(signals.get('a-10')!.aborted).toBe(true);
    gates.get('a-10')!.resolve();
    gates.get('b-5')!.resolve();
    await settle();
    expect(below.settled).toEqual([{ token: '1:5', outcome: 'handled' }]);
    expect(subscription.stats()).toMatchObject({ inFlight: 0, running: 0 });
    expect(events).toEqual([['revoked', { topic: 'orders', group: 'ebus', partitions: [0], lost: true }]]);
  });

  it('comes back: its messages wait for the handlers that did not heed their signals', async () => {
    const { below, gates, begun, events } = await threeInFlight();
    below.sink.unassigned([0]);
    below.sink.assigned([0]);
    below.deliver(envelope('a', 0, 10), envelope('a', 0, 11));
    await settle();
    expect(begun).toEqual(['a-10', 'b-5']);
    gates.get('a-10')!.resolve();
    await settle();
    expect(begun).toEqual(['a-10', 'b-5', 'a-10']);
    gates.get('a-10')!.resolve();
    await settle();
    expect(begun).toEqual(['a-10', 'b-5', 'a-10', 'a-11']);
    expect(below.settled).toEqual([{ token: '0:10', outcome: 'handled' }]);
    expect(events.at(-1)).toEqual(['assigned', { topic: 'orders', group: 'ebus', partitions: [0] }]);
  });

  it('settles nothing of it, however soon after the end of a handler it is lost', async () => {
    for (let turns = 0; turns < 20; turns++) {
      const { below, gates } = await threeInFlight();
      gates.get('a-10')!.resolve();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      const before = below.settled.length;
      below.sink.unassigned([0]);
      await settle();
      expect([turns, below.settled.length]).toEqual([turns, before]);
    }
  });

  it('frees a key that had halted', async () => {
    const { bus, driver } = await scriptedBus();
    const subscription = await bus.subscribe(
      'orders',
      () => {
        throw new Error('always');
      },
      { maxRetries: 0, onExhausted: 'halt' },
    );
    const [below] = driver.subscriptions;
    below!.deliver(envelope('a', 0, 10));
    await settle();
    expect(subscription.stats().halted).toBe(1);
    below!.sink.unassigned([0]);
    await settle();
    expect(subscription.stats()).toMatchObject({ halted: 0, inFlight: 0 });
    expect(below!.asking).toBe(true);
  });
});

describe('after a sleep, what starts in the place of another finds that the leases of all have run out', () => {
  const LEASE_MS = 3_000;
  async function oneAtATime(onExhausted: 'halt' | 'dead-letter') {
    const driver = Object.assign(new ScriptedDriver(), { leaseMs: LEASE_MS });
    const { bus, clock } = await scriptedBus({}, { driver });
    const begun: string[] = [];
    const gates: ReturnType<typeof deferred<void>>[] = [];
    const subscription = await bus.subscribe(
      'orders',
      ({ position }) => {
        begun.push(`${position?.offset}`);
        gates.push(deferred());
        return gates.at(-1)!.promise;
      },
      { concurrency: 1, onExhausted, maxRetries: onExhausted === 'halt' ? 0 : 3 },
    );
    const [below] = driver.subscriptions;
    return { bus, clock, below: below!, begun, gates, subscription };
  }

  it('a halted one is dropped once, and frees one place', async () => {
    const { clock, below, begun, gates, subscription } = await oneAtATime('halt');
    below.deliver(envelope('a', 0, 1), envelope('b', 0, 2));
    await settle();
    gates[0]!.reject(new Error('halts'));
    await settle();
    expect(subscription.stats().halted).toBe(1);
    clock.block(LEASE_MS + 1);
    await clock.advance(0);
    expect(subscription.stats()).toMatchObject({ halted: 0, inFlight: 0 });
    below.deliver(envelope('c', 0, 3), envelope('d', 0, 4));
    await settle();
    expect(begun).toEqual(['1', '3']);
  });

  it('one that has just failed is dropped with them, and is not retried', async () => {
    const { clock, below, begun, gates, subscription } = await oneAtATime('dead-letter');
    below.deliver(envelope('a', 0, 1), envelope('b', 0, 2));
    await settle();
    clock.block(LEASE_MS + 1);
    gates[0]!.reject(new Error('fails'));
    await settle();
    expect(subscription.stats().inFlight).toBe(0);
    await clock.advance(60_000);
    expect(subscription.stats().retried).toBe(0);
    below.deliver(envelope('c', 0, 3));
    await settle();
    expect(begun).toEqual(['1', '3']);
  });
});
