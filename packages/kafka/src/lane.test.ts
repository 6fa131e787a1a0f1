import { EventEmitter } from 'node:events';
import type { Producer } from '@confluentinc/kafka-javascript';
import { EbusError, type SendRecord } from '@ebus/core/driver';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../core/src/testing/manual-clock.js';
import { CODE } from './errors.js';
import { Lane, type LaneOptions } from './lane.js';

type Done = (error: unknown, result?: unknown) => void;

/** A producer that answers when the test says so. */
class FakeProducer extends EventEmitter {
  static made: FakeProducer[] = [];
  readonly sent: { topic: string; value: Buffer | null; record: SendRecord }[] = [];
  connected: Done | undefined;
  isFull = false;
  isFatal = false;
  /** Questions for metadata. */
  isAnswering = true;
  #isConnected = false;

  constructor() {
    super();
    FakeProducer.made.push(this);
  }

  connect(_: object, done: Done): void {
    this.connected = (error) => {
      this.#isConnected = error === null;
      done(error);
    };
  }

  isConnected(): boolean {
    return this.#isConnected;
  }

  setPollInBackground(): void {}

  getMetadata(_: object, done: Done): void {
    done(this.isAnswering ? null : new Error('Local: Broker transport failure'));
  }

  disconnect(_: number, done: Done): void {
    this.#isConnected = false;
    done(null);
  }

  produce(topic: string, _: null, value: Buffer | null, __: unknown, ___: null, record: SendRecord): void {
    if (this.isFatal) throw Object.assign(new Error('Local: Fatal error'), { code: -150 });
    if (this.isFull) throw Object.assign(new Error('Local: Queue full'), { code: -184 });
    this.sent.push({ topic, value, record });
  }

  report(error: unknown, record: SendRecord, offset = 0): void {
    this.emit('delivery-report', error, { opaque: record, partition: 0, offset });
  }
}

let clock: ManualClock;

function laneOf(more: Partial<LaneOptions> = {}) {
  const replaced: unknown[] = [];
  const errors: unknown[] = [];
  const lane = new Lane({
    client: { Producer: FakeProducer as unknown as Producer } as never,
    clock,
    settings: () => ({}),
    onError: (error) => errors.push(error),
    isThere: async () => true,
    onReplaced: (cause) => replaced.push(cause),
    ...more,
  });
  return { lane, replaced, errors };
}

function record(name: string, deadline = Number.POSITIVE_INFINITY) {
  const outcome: { stored?: unknown; failed?: EbusError } = {};
  const one = {
    topic: 'orders',
    persistence: 'persistent',
    key: 'k',
    value: Buffer.from(name),
    headers: [],
    messageId: undefined,
    ownsValue: true,
    deadline,
    stored: (position: unknown) => {
      outcome.stored = position;
    },
    failed: (error: EbusError) => {
      outcome.failed = error;
    },
  } as unknown as SendRecord;
  return { one, outcome };
}

type Named = ReturnType<typeof record>;
const last = () => FakeProducer.made.at(-1) as FakeProducer;
const settled = () => clock.advance(1);

beforeEach(() => {
  clock = new ManualClock();
  FakeProducer.made = [];
});

describe('a lane', () => {
  it('makes no producer before something is sent, and keeps the order of what waits until it is connected', async () => {
    const { lane } = laneOf();
    expect(FakeProducer.made).toHaveLength(0);
    for (const name of ['a', 'b']) lane.send(record(name).one);
    expect(last().sent).toEqual([]);
    last().connected?.(null);
    await settled();
    lane.send(record('c').one);
    expect(last().sent.map(({ value }) => String(value))).toEqual(['a', 'b', 'c']);
  });

  it('sends one by one for a while after a batch was too large, and refuses for good only what is alone', async () => {
    const { lane } = laneOf();
    const records = ['a', 'b', 'c', 'd', 'e'].map((name) => record(name));
    const [a, b, c, d, e] = records as [Named, Named, Named, Named, Named];
    for (const { one } of [a, b]) lane.send(one);
    last().connected?.(null);
    await settled();
    const tooLarge = Object.assign(new Error('Broker: Message size too large'), { code: 10 });
    for (const { one } of [a, b]) last().report(tooLarge, one);
    for (const { outcome } of [a, b])
      expect(outcome.failed).toMatchObject({ code: 'PUBLISH_FAILED', retryable: true });
    for (const { one } of [c, d]) lane.send(one);
    const sent = () =>
      last()
        .sent.map(({ value }) => String(value))
        .join('');
    expect(sent()).toBe('abc');
    last().report(tooLarge, c.one);
    expect(c.outcome.failed).toMatchObject({ code: 'MESSAGE_TOO_LARGE', retryable: false });
    expect(sent()).toBe('abcd');
    last().report(null, d.one, 7);
    expect(d.outcome.stored).toEqual({ partition: 0, offset: 7 });
    await clock.advance(5_000);
    for (const { one } of [e, record('f')]) lane.send(one);
    expect(sent()).toBe('abcdef');
  });

  it('tries again with another producer after one could not connect, until nobody waits', async () => {
    const { lane, errors } = laneOf();
    const patient = record('patient');
    const hasty = record('hasty', clock.monotonic() + 100);
    lane.send(hasty.one);
    lane.send(patient.one);
    last().connected?.(new Error('frozen'));
    await clock.advance(500);
    expect(FakeProducer.made).toHaveLength(2);
    expect(hasty.outcome.failed?.code).toBe('PUBLISH_TIMEOUT');
    last().connected?.(null);
    await settled();
    expect(last().sent.map(({ record: one }) => one)).toEqual([patient.one]);
    expect(errors).toHaveLength(1);
  });

  it('replaces a producer that went fatal, tells the cause, and fails everything under way as retryable', async () => {
    const { lane, replaced } = laneOf();
    const [a, b, c] = [record('a'), record('b'), record('c')];
    lane.send(a.one);
    lane.send(b.one);
    last().connected?.(null);
    await settled();
    const cause = Object.assign(new Error('Broker: Broker received an out of order sequence number'), {
      code: 45,
    });
    last().emit('event.error', cause);
    const old = last();
    old.report(Object.assign(new Error('Local: Fatal error'), { code: -150 }), a.one);
    for (const { outcome } of [a, b]) {
      expect(outcome.failed).toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
      expect(outcome.failed?.message).toContain('out of order sequence');
    }
    expect(replaced).toEqual([cause]);
    lane.send(c.one);
    await settled();
    expect(last()).not.toBe(old);
    last().connected?.(null);
    await settled();
    last().report(null, c.one, 7);
    expect(c.outcome.stored).toEqual({ partition: 0, offset: 7 });
    // What the old one still says is about nothing.
    old.report(Object.assign(new Error('Local: Fatal error'), { code: -150 }), b.one);
    expect(FakeProducer.made).toHaveLength(2);
  });

  const alone = async () => {
    last().emit(
      'event.error',
      Object.assign(new Error('1/1 brokers are down'), { code: CODE.allBrokersDown }),
    );
    await settled();
  };

  it('refuses for good a record that fills a batch, whatever is under way beside it', async () => {
    const { lane } = laneOf({ settings: () => ({ 'batch.size': 5 }) });
    const records = ['a', 'large', 'b'].map((name) => record(name));
    for (const { one } of records) lane.send(one);
    last().connected?.(null);
    await settled();
    const [, large] = records as [Named, Named, Named];
    last().report(Object.assign(new Error('Broker: Message size too large'), { code: 10 }), large.one);
    expect(large.outcome.failed).toMatchObject({ code: 'MESSAGE_TOO_LARGE', retryable: false });
    const next = record('c');
    lane.send(next.one);
    expect(last().sent.map(({ record: one }) => one)).toContain(next.one);
  });

  it('sends all that has no answer by the next producer, in order, where one has lost its brokers', async () => {
    const { lane, replaced } = laneOf();
    const [a, b, c] = [record('a'), record('b'), record('c')];
    lane.send(a.one);
    last().connected?.(null);
    await settled();
    const old = last();
    old.isAnswering = false;
    await alone();
    lane.send(b.one);
    await clock.advance(10_000);
    expect(replaced).toHaveLength(1);
    lane.send(c.one);
    last().connected?.(null);
    await settled();
    // What the old one throws away is under way at the new one.
    old.report(Object.assign(new Error('Local: Purged in flight'), { code: -151 }), a.one);
    expect(last().sent.map(({ value }) => String(value))).toEqual(['a', 'b', 'c']);
    [a, b, c].forEach(({ one }, i) => void last().report(null, one, i));
    expect([a, b, c].map(({ outcome }) => outcome)).toEqual(
      [0, 1, 2].map((offset) => ({ stored: { partition: 0, offset } })),
    );
  });

  it('keeps a producer that comes back by itself', async () => {
    const { lane, replaced } = laneOf();
    const a = record('a');
    lane.send(a.one);
    last().connected?.(null);
    await settled();
    await alone();
    await clock.advance(10_000);
    last().report(null, a.one);
    expect([replaced, a.outcome]).toEqual([[], { stored: { partition: 0, offset: 0 } }]);
  });

  it('gives the record that finds out about a fatal error to the next producer', async () => {
    const { lane, replaced } = laneOf();
    const [a, b] = [record('a'), record('b')];
    lane.send(a.one);
    last().connected?.(null);
    await settled();
    last().report(null, a.one);
    last().isFatal = true;
    lane.send(b.one);
    await settled();
    last().connected?.(null);
    await settled();
    last().report(null, b.one, 1);
    expect([a.outcome.stored, b.outcome.stored]).toEqual([
      { partition: 0, offset: 0 },
      { partition: 0, offset: 1 },
    ]);
    expect(replaced).toHaveLength(1);
  });

  it('sends a record again, and all after it, that was acknowledged in the place of an earlier one', async () => {
    const { lane, replaced } = laneOf();
    const [a, b, c, other] = [record('a'), record('b'), record('c'), record('other')];
    lane.send(a.one);
    last().connected?.(null);
    await settled();
    last().report(null, a.one, 7);
    for (const { one } of [b, c]) lane.send(one);
    lane.send({ ...other.one, topic: 'refunds' });
    last().report(null, b.one, 7);
    expect(b.outcome).toEqual({});
    expect(replaced).toMatchObject([{ message: expect.stringContaining("partition 0 of 'orders'") }]);
    last().report(null, c.one, 8);
    await settled();
    last().connected?.(null);
    await settled();
    expect(FakeProducer.made).toHaveLength(2);
    expect(last().sent.map(({ value }) => String(value))).toEqual(['b', 'c', 'other']);
    // The topic may have been made anew: the next producer knows nothing of what was before.
    [b, c].forEach(({ one }, i) => void last().report(null, one, i));
    expect([b.outcome.stored, c.outcome.stored]).toEqual([
      { partition: 0, offset: 0 },
      { partition: 0, offset: 1 },
    ]);
  });

  it('waits while the client is full, and refuses what alone is larger than all its room', async () => {
    const { lane } = laneOf();
    const [a, b] = [record('a'), record('b')];
    lane.send(a.one);
    last().connected?.(null);
    await settled();
    last().isFull = true;
    lane.send(b.one);
    expect(b.outcome).toEqual({});
    last().report(null, a.one);
    expect(b.outcome.failed).toMatchObject({ code: 'MESSAGE_TOO_LARGE', retryable: false });
  });

  it('writes an empty value as no bytes and a tombstone as null', async () => {
    const { lane } = laneOf();
    lane.send({ ...record('').one, value: new Uint8Array(0) });
    lane.send({ ...record('').one, value: new Uint8Array(0), tombstone: true });
    last().connected?.(null);
    await settled();
    expect(last().sent.map(({ value }) => value?.length)).toEqual([0, undefined]);
    // The client writes a buffer without memory as null.
    expect(last().sent[0]?.value?.buffer.byteLength).toBeGreaterThan(0);
  });

  it('fails what is left when it is closed', async () => {
    const { lane } = laneOf();
    const { one, outcome } = record('a');
    lane.send(one);
    const cause = new EbusError('closed', { code: 'BUS_CLOSED' });
    await lane.close(cause);
    expect(outcome.failed).toBe(cause);
    last().connected?.(null);
    await settled();
    expect(last().isConnected()).toBe(false);
  });
});
