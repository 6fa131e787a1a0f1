import { describe, expect, it } from 'vitest';
import type { BrowseSpec } from '../driver/driver.js';
import type { IncomingMessage } from '../driver/message.js';
import type { SubscriptionSink, SubscriptionSpec, UnsettledCount } from '../driver/subscription.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { deferred } from '../util/promise.js';

const envelope = (aggregateId: string, offset: number) => ({
  token: offset,
  key: aggregateId,
  position: { offset },
  redelivered: false,
  value: JSON.stringify({
    event_id: `${aggregateId}-${offset}`,
    aggregate_id: aggregateId,
    event_type: 'OrderCreated',
    event_version: 1,
    timestamp: '2024-01-01T00:00:00Z',
    payload: {},
  }),
});

const again = (aggregateId: string, offset: number) => ({
  ...envelope(aggregateId, offset),
  redelivered: true,
});

/** A broker with leases of 30 s; `answer` is what it says of the group. */
class Leased extends ScriptedDriver {
  override leaseMs = 30_000;
  override capability = { browse: true, ordering: 'cluster' } as const;
  answer: UnsettledCount | Error = { count: 0 };
  /** Answers come once this has resolved. */
  onTheWay: Promise<void> = Promise.resolve();
  /** The log is read once this has resolved. */
  beforeBrowsing: Promise<void> = Promise.resolve();
  /** What the group's position is followed by. */
  log: { readonly aggregateId: string; readonly offset: number }[] = [];
  asked = 0;

  override async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink) {
    const unsettled = async () => {
      this.asked++;
      await this.onTheWay;
      if (this.answer instanceof Error) throw this.answer;
      return this.answer;
    };
    return Object.assign(await super.subscribe(spec, sink), { unsettled });
  }

  async *browse(_spec: BrowseSpec): AsyncGenerator<IncomingMessage> {
    await this.beforeBrowsing;
    for (const { aggregateId, offset } of this.log) {
      const { value, ...rest } = envelope(aggregateId, offset);
      yield { ...rest, topic: 'orders', headers: [], value: new TextEncoder().encode(value) };
    }
  }
}

/** Handlers wait for it. */
let release: Promise<void> | undefined;

async function joined(
  answer: Leased['answer'],
  log: Leased['log'] = [],
  ordering: 'instance' | 'cluster' = 'instance',
) {
  const driver = new Leased();
  driver.answer = answer;
  driver.log = log;
  const { bus, clock, logged } = await scriptedBus({}, { driver });
  const handled: string[] = [];
  const handler = ({ eventId }: { eventId: string }) => {
    handled.push(eventId);
    return release;
  };
  release = undefined;
  const subscription = await bus.subscribeEnvelope('orders', handler, { ordering });
  await settle();
  return { bus, driver, clock, logged, handled, subscription, below: driver.subscriptions[0]! };
}

describe('after a process died', () => {
  it('what is settled while the broker counts is not taken for what it held', async () => {
    const { below, driver, clock, handled } = await joined({ count: 1, through: 1 }, [
      { aggregateId: 'a', offset: 1 },
    ]);
    below.deliver(envelope('a', 2));
    await settle();
    const answering = deferred<void>();
    driver.onTheWay = answering.promise;
    const { asked } = driver;
    const settling = deferred<void>();
    release = settling.promise;
    below.deliver(envelope('b', 3));
    await clock.advance(300);
    await settle();
    expect(driver.asked).toBe(asked + 1);
    // Counted when 'b' was handled: 1 that is missing, and 2 that stands back.
    settling.resolve();
    await settle();
    driver.answer = { count: 2, through: 3 };
    answering.resolve();
    await settle();
    expect(handled).toEqual(['b-3']);
    below.deliver(again('a', 1));
    await settle();
    expect(handled).toEqual(['b-3', 'a-1', 'a-2']);
  });

  it.each([0, 1, 2])(
    '%d that come while its messages are looked for are taken off their number once',
    async (early) => {
      const { below, driver, handled } = await joined({ count: 1, through: 5 });
      release = new Promise(() => {});
      below.deliver(again('x', 5));
      await settle();
      release = undefined;
      // Its former member has settled 5 late, and the broker counts it no longer: three others are missing.
      driver.answer = { count: 3, through: 5 };
      driver.log = [
        { aggregateId: 'a', offset: 1 },
        { aggregateId: 'b', offset: 2 },
        { aggregateId: 'c', offset: 3 },
      ];
      const looking = deferred<void>();
      driver.beforeBrowsing = looking.promise;
      below.sink.resumed();
      await settle();
      const coming = [again('a', 1), again('b', 2)];
      below.deliver(...coming.slice(0, early), envelope('c', 6));
      looking.resolve();
      await settle();
      below.deliver(...coming.slice(early));
      await settle();
      expect(handled).toEqual(['x-5', 'a-1', 'b-2']);
      below.deliver(again('c', 3));
      await settle();
      expect(handled).toEqual(['x-5', 'a-1', 'b-2', 'c-3', 'c-6']);
    },
  );

  it('newer messages of its keys wait for what it held, others do not', async () => {
    const { below, handled } = await joined({ count: 2, through: 3 }, [
      { aggregateId: 'a', offset: 1 },
      { aggregateId: 'b', offset: 2 },
      { aggregateId: 'a', offset: 3 },
      { aggregateId: 'a', offset: 4 },
    ]);
    expect(below.asking).toBe(true);
    below.deliver(envelope('a', 4), envelope('c', 5), envelope('b', 6));
    await settle();
    expect(handled).toEqual(['c-5']);
    below.deliver(again('a', 1), again('a', 3));
    await settle();
    expect(handled).toEqual(['c-5', 'a-1', 'a-3', 'a-4', 'b-6']);
  });

  it('nothing is fetched before it is known what is missing, and asking is repeated', async () => {
    const { below, driver, clock, handled } = await joined(new Error('no answer'));
    expect([below.asking, driver.asked]).toEqual([false, 1]);
    driver.answer = { count: 0 };
    await clock.advance(200);
    await settle();
    expect([below.asking, driver.asked]).toEqual([true, 2]);
    below.deliver(envelope('a', 1));
    await settle();
    expect(handled).toEqual(['a-1']);
  });

  it('a second interruption loses nobody, and keeps the order', async () => {
    const log = [{ aggregateId: 'a', offset: 1 }];
    const { below, driver, handled } = await joined({ count: 1, through: 1 }, log);
    below.deliver(envelope('a', 5));
    driver.answer = { count: 2, through: 5 };
    below.sink.resumed();
    await settle();
    below.deliver(envelope('a', 6), again('a', 1));
    await settle();
    expect(handled).toEqual(['a-1', 'a-5', 'a-6']);
  });

  it('waits, with whatever the driver pushes before it says that it has resumed', async () => {
    const { below, driver, clock, handled, logged } = await joined({ count: 0 });
    driver.host?.onState({ status: 'reconnecting' });
    const { asked } = driver;
    // 'a-1' was given to the connection that broke.
    driver.answer = { count: 2, through: 2 };
    driver.log = [1, 2].map((offset) => ({ aggregateId: 'a', offset }));
    below.deliver(envelope('a', 2));
    await clock.advance(120_000);
    await settle();
    expect([handled, driver.asked]).toEqual([[], asked]);
    expect(logged.filter(({ args }) => String(args[1]).startsWith('fetching waits'))).toEqual([]);
    below.sink.resumed();
    driver.host?.onState({ status: 'connected' });
    await settle();
    expect(driver.asked).toBe(asked + 1);
    below.deliver(again('a', 1));
    await settle();
    expect(handled).toEqual(['a-1', 'a-2']);
  });

  it('is asked for where the driver never says that it has resumed', async () => {
    const { below, driver, handled } = await joined({ count: 0 });
    driver.answer = { count: 2, through: 2 };
    driver.log = [1, 2].map((offset) => ({ aggregateId: 'a', offset }));
    driver.host?.onState({ status: 'reconnecting' });
    below.deliver(envelope('a', 2));
    driver.host?.onState({ status: 'connected' });
    await settle();
    below.deliver(again('a', 1));
    await settle();
    expect(handled).toEqual(['a-1', 'a-2']);
  });

  it('is waited for although a broker that was killed has forgotten what it gave since', async () => {
    const log = [1, 2].map((offset) => ({ aggregateId: 'a', offset }));
    const { below, driver, clock, handled } = await joined({ count: 2, through: 2 }, log);
    below.deliver(envelope('a', 3), envelope('a', 4));
    below.sink.resumed();
    await settle();
    expect(handled).toEqual([]);
    expect(below.asking).toBe(true);
    // It gives them again.
    driver.answer = { count: 4, through: 4 };
    below.deliver(envelope('a', 3), envelope('a', 4));
    await clock.advance(250);
    await settle();
    expect(handled).toEqual([]);
    below.deliver(again('a', 1), again('a', 2));
    await settle();
    expect(handled).toEqual(['a-1', 'a-2', 'a-3', 'a-4']);
  });

  it('is waited for where the broker has forgotten that it gave anything, and gives all as if for the first time', async () => {
    const { below, driver, clock, handled } = await joined({ count: 1, through: 1 }, [
      { aggregateId: 'a', offset: 1 },
    ]);
    below.deliver(envelope('a', 2));
    driver.answer = { count: 0, through: 0 };
    below.sink.resumed();
    await settle();
    below.deliver(envelope('a', 1), envelope('a', 2));
    expect(handled).toEqual([]);
    driver.answer = { count: 2, through: 2 };
    await clock.advance(250);
    await settle();
    expect(handled).toEqual(['a-1', 'a-2']);
  });

  it('what the broker takes away is waited for as well', async () => {
    const { below, driver, handled } = await joined({ count: 0 });
    below.deliver(envelope('a', 1));
    await settle();
    driver.answer = { count: 1, through: 2 };
    driver.log = [{ aggregateId: 'b', offset: 2 }];
    const { asked } = driver;
    below.sink.resumed();
    below.deliver(envelope('b', 2));
    below.sink.lost([2]);
    await settle();
    below.deliver(envelope('b', 3));
    await settle();
    expect([handled, driver.asked]).toEqual([['a-1'], asked + 2]);
    below.deliver(again('b', 2));
    await settle();
    expect(handled).toEqual(['a-1', 'b-2', 'b-3']);
  });

  it('what waits behind something that is lost goes back with it', async () => {
    const { below, driver, handled } = await joined({ count: 0 });
    const settling = deferred<void>();
    release = settling.promise;
    below.deliver(envelope('a', 1), envelope('a', 2), envelope('b', 3), envelope('a', 4), envelope('b', 5));
    driver.answer = { count: 2, through: 5 };
    driver.log = [2, 4].map((offset) => ({ aggregateId: 'a', offset }));
    below.sink.lost([2]);
    settling.resolve();
    await settle();
    expect(handled).toEqual(['a-1', 'b-3', 'b-5']);
    expect(below.settled).toContainEqual({ token: 4, outcome: 'released' });
    below.deliver(again('a', 4), again('a', 2));
    await settle();
    expect(handled).toEqual(['a-1', 'b-3', 'b-5', 'a-2', 'a-4']);
  });

  it('so does what waits behind something that is lost between two attempts', async () => {
    const { below, driver, handled } = await joined({ count: 0 });
    release = Promise.reject(new Error('not now'));
    below.deliver(envelope('a', 1), envelope('a', 2));
    await settle();
    release = undefined;
    driver.answer = { count: 2, through: 2 };
    driver.log = [1, 2].map((offset) => ({ aggregateId: 'a', offset }));
    below.sink.lost([1]);
    await settle();
    expect(handled).toEqual(['a-1']);
    expect(below.settled).toContainEqual({ token: 2, outcome: 'released' });
    below.deliver(again('a', 2), again('a', 1));
    await settle();
    expect(handled).toEqual(['a-1', 'a-1', 'a-2']);
  });

  it('what another member settles is not waited for', async () => {
    const { below, driver, clock, handled } = await joined({ count: 1, through: 1 }, [
      { aggregateId: 'a', offset: 1 },
    ]);
    below.deliver(envelope('a', 5));
    await settle();
    driver.answer = { count: 1, through: 5 };
    await clock.advance(15);
    await settle();
    expect(handled).toEqual(['a-5']);
  });

  it('what is missing is waited for while nothing is fetched, however long that takes', async () => {
    const log = [{ aggregateId: 'a', offset: 1 }];
    const { below, driver, clock, handled, subscription } = await joined({ count: 1, through: 1 }, log);
    below.deliver(envelope('a', 2));
    driver.answer = { count: 2, through: 2 };
    await subscription.pause();
    await clock.advance(300_000);
    await settle();
    expect(handled).toEqual([]);
    await subscription.resume();
    await clock.advance(1_000);
    expect(handled).toEqual([]);
    below.deliver(again('a', 1));
    await settle();
    expect(handled).toEqual(['a-1', 'a-2']);
  });

  it('what its former holder settles late says nothing of what is elsewhere still', async () => {
    const log = [
      { aggregateId: 'a', offset: 1 },
      { aggregateId: 'b', offset: 2 },
    ];
    const { below, driver, clock, handled } = await joined({ count: 2, through: 2 }, log, 'cluster');
    const settling = deferred<void>();
    release = settling.promise;
    below.deliver(again('a', 1));
    below.deliver(envelope('b', 5));
    await settle();
    expect(handled).toEqual(['a-1']);
    // 'b-2' and 'b-5': a process that woke up has settled 'a-1', which runs here.
    driver.answer = { count: 2, through: 5 };
    await clock.advance(300);
    await settle();
    expect(handled).toEqual(['a-1']);
    below.deliver(again('b', 2));
    settling.resolve();
    await settle();
    expect(handled).toEqual(['a-1', 'b-2', 'b-5']);
  });

  it('what was settled by its former holder at the first question is not taken for something else', async () => {
    const log = [
      { aggregateId: 'a', offset: 1 },
      { aggregateId: 'b', offset: 2 },
    ];
    const { below, driver, clock, handled } = await joined({ count: 0 }, log);
    const settling = deferred<void>();
    release = settling.promise;
    below.deliver(again('a', 1));
    // Of 'a-1', which runs here, and 'b-2', which is elsewhere, one is unsettled.
    driver.answer = { count: 1, through: 2 };
    below.sink.resumed();
    below.deliver(envelope('b', 5));
    await settle();
    expect(handled).toEqual(['a-1']);
    driver.answer = { count: 2, through: 5 };
    settling.resolve();
    await clock.advance(300);
    below.deliver(again('b', 2));
    await settle();
    expect(handled).toEqual(['a-1', 'b-2', 'b-5']);
  });

  it('where that stays unknown, it is waited for no longer than leases last', async () => {
    const log = [
      { aggregateId: 'a', offset: 1 },
      { aggregateId: 'b', offset: 2 },
    ];
    const { below, driver, clock, handled } = await joined({ count: 0 }, log, 'cluster');
    release = deferred<void>().promise;
    below.deliver(again('a', 1));
    driver.answer = { count: 1, through: 2 };
    below.sink.resumed();
    below.deliver(envelope('b', 5));
    driver.answer = { count: 2, through: 5 };
    await clock.advance(60_000);
    await settle();
    // Another member may hold it, and wait for these.
    expect(handled).toEqual(['a-1']);
    expect(below.settled).toEqual([{ token: 5, outcome: 'released' }]);
    below.deliver(again('b', 5));
    await clock.advance(60_000);
    await settle();
    expect(handled).toEqual(['a-1', 'b-5']);
  });

  it('members that are at work keep what they hold: order within an instance does not wait for them', async () => {
    const { below, handled } = await joined({ count: 9, through: 9, others: true });
    below.deliver(envelope('a', 10));
    await settle();
    expect(handled).toEqual(['a-10']);
  });

  it('is waited for no longer than a broker under load takes, and for ever where order holds across members', async () => {
    const log = [{ aggregateId: 'a', offset: 1 }];
    const within = await joined({ count: 1, through: 1 }, log);
    within.below.deliver(envelope('a', 5));
    const across = await joined({ count: 1, through: 1 }, log, 'cluster');
    across.below.deliver(envelope('a', 5), envelope('b', 6));
    within.driver.answer = { count: 2, through: 5 };
    across.driver.answer = { count: 3, through: 6 };
    for (const { clock } of [within, across]) {
      await clock.advance(90_000);
      await settle();
    }
    expect(within.handled).toEqual([]);
    await within.clock.advance(5_000);
    await settle();
    expect(within.handled).toEqual(['a-5']);
    expect(within.logged.map(({ level }) => level)).toContain('warn');
    expect(across.handled).toEqual(['b-6']);
  });

  it('has room made for what it held, although the window is full of what waits for that', async () => {
    const driver = new Leased();
    driver.answer = { count: 2, through: 2 };
    const { bus } = await scriptedBus({ keyedWorkerPool: { workerCount: 1, queueSize: 4 } }, { driver });
    const gate = deferred();
    await bus.subscribeEnvelope('orders', () => gate.promise);
    await settle();
    const below = driver.subscriptions[0]!;
    below.deliver(...[3, 4, 5, 6].map((offset) => envelope('a', offset)));
    expect(below.demands.at(-1)?.messages).toBe(2);
  });

  it('comes whole, where more of one key was held than the window has room for', async () => {
    const driver = new Leased();
    const offsets = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    driver.log = offsets.map((offset) => ({ aggregateId: 'a', offset }));
    driver.answer = { count: 9, through: 9 };
    const { bus } = await scriptedBus({ keyedWorkerPool: { workerCount: 1, queueSize: 4 } }, { driver });
    const handled: string[] = [];
    await bus.subscribeEnvelope('orders', ({ eventId }) => void handled.push(eventId));
    await settle();
    const below = driver.subscriptions[0]!;
    for (const offset of offsets) {
      expect([offset, below.asking]).toEqual([offset, true]);
      below.deliver(again('a', offset));
    }
    await settle();
    expect(handled).toEqual(offsets.map((offset) => `a-${offset}`));
  });

  it('is waited for as long as some of it comes', async () => {
    const offsets = [1, 2, 3, 4, 5];
    const log = offsets.map((offset) => ({ aggregateId: 'a', offset }));
    const { below, clock, handled } = await joined({ count: 5, through: 5 }, log, 'cluster');
    for (const offset of offsets) {
      await clock.advance(30_000);
      await settle();
      below.deliver(again('a', offset));
    }
    await settle();
    expect(handled).toEqual(offsets.map((offset) => `a-${offset}`));
  });

  it('makes no more room than that, and hands back what took it', async () => {
    const driver = new Leased();
    driver.answer = { count: 2, through: 2 };
    driver.log = [
      { aggregateId: 'a', offset: 1 },
      { aggregateId: 'a', offset: 2 },
    ];
    const { bus, clock } = await scriptedBus(
      { keyedWorkerPool: { workerCount: 1, queueSize: 4 } },
      { driver },
    );
    const handled: string[] = [];
    await bus.subscribeEnvelope('orders', ({ eventId }) => void handled.push(eventId));
    await settle();
    const below = driver.subscriptions[0]!;
    const newer = [3, 4, 5, 6, 7, 8].map((offset) => envelope('a', offset));
    below.deliver(...newer);
    const asked = below.demands.length;
    driver.answer = { count: 8, through: 2 };
    await clock.advance(40_000);
    await settle();
    expect([handled, below.demands.length]).toEqual([[], asked]);
    await clock.advance(10_000);
    await settle();
    expect(below.settled.map(({ token, outcome }) => `${token} ${outcome}`)).toEqual(
      [3, 4, 5, 6, 7, 8].map((offset) => `${offset} released`),
    );
    // The broker gives the oldest first.
    below.deliver(...[1, 2, 3, 4].map((offset) => again('a', offset)));
    await settle();
    driver.answer = { count: 4, through: 8 };
    await clock.advance(1_000);
    await settle();
    below.deliver(...[5, 6, 7, 8].map((offset) => again('a', offset)));
    await settle();
    expect(handled).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((offset) => `a-${offset}`));
  });

  it('is not waited for any more once the subscription closes', async () => {
    const { bus, clock, below } = await joined({ count: 3, through: 1 });
    below.deliver(envelope('a', 5));
    await bus.close();
    expect(below.settled).toEqual([{ token: 5, outcome: 'released' }]);
    expect(clock.pending).toBe(0);
  });
});
