import { describe, expect, it } from 'vitest';
import type { SendReceipt, SendRecord } from '../driver/message.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { clientError, ScriptedDriver } from '../testing/scripted-driver.js';

const textOf = ({ value }: SendRecord) => new TextDecoder().decode(value);

/** Answers through the records, and returns nothing. */
class CallingBack extends ScriptedDriver {
  readonly records: SendRecord[] = [];
  /** Called within `send`. */
  during: (record: SendRecord) => void = () => {};

  override send(record: SendRecord): Promise<SendReceipt> {
    this.records.push(record);
    this.during(record);
    return undefined as unknown as Promise<SendReceipt>;
  }
}

class Batching extends CallingBack {
  readonly batches: string[][] = [];

  sendBatch(records: readonly SendRecord[]): void {
    this.batches.push(records.map(textOf));
    for (const record of records) void this.send(record);
  }
}

const quick = { publisher: { errorHandling: { retryBackoffBase: 10, retryBackoffMax: 10 } } };

describe('a driver that answers through the record', () => {
  it.each(['within send', 'later'])('%s: its receipt is the receipt', async (when) => {
    const driver = new CallingBack();
    const answer = (record: SendRecord) => record.stored({ partition: 1, offset: 7 }, true);
    if (when === 'within send') driver.during = answer;
    const { bus } = await scriptedBus({}, { driver });
    const published = bus.publish('orders', 'a');
    if (when === 'later') driver.records.forEach(answer);
    await expect(published).resolves.toEqual({
      topic: 'orders',
      position: { partition: 1, offset: 7 },
      duplicate: true,
    });
  });

  it.each(['within send', 'later'])('%s: a failure that may pass is tried again', async (when) => {
    const driver = new CallingBack();
    const answer = (record: SendRecord) => record.failed(clientError('busy', true));
    if (when === 'within send') driver.during = answer;
    const { bus, clock } = await scriptedBus(quick, { driver });
    const published = bus.publish('orders', 'a', { key: 'k' });
    if (when === 'later') driver.records.forEach(answer);
    driver.during = (record) => record.stored();
    await clock.advance(20);
    await expect(published).resolves.toEqual({ topic: 'orders' });
    expect(driver.records).toHaveLength(2);
  });

  it('is heard once for each attempt', async () => {
    const driver = new CallingBack();
    const { bus } = await scriptedBus({}, { driver });
    const published = bus.publish('orders', 'a');
    driver.records[0]?.stored({ offset: 1 });
    driver.records[0]?.failed(new Error('too late'));
    driver.records[0]?.stored({ offset: 2 });
    await expect(published).resolves.toMatchObject({ position: { offset: 1 } });
    await expect(bus.flush()).resolves.toBeUndefined();
  });

  it('keeps its place in flight until it has answered', async () => {
    const driver = new CallingBack();
    const { bus } = await scriptedBus({ publisher: { maxInFlight: 1 } }, { driver });
    const published = ['a', 'b'].map((text) => bus.publish('orders', text));
    expect(driver.records.map(textOf)).toEqual(['a']);
    driver.records[0]?.stored();
    expect(driver.records.map(textOf)).toEqual(['a', 'b']);
    driver.records[1]?.stored();
    await Promise.all(published);
  });
});

describe('a driver that takes batches', () => {
  it('gets what is published in one turn at once, in order', async () => {
    const driver = new Batching();
    driver.during = (record) => record.stored();
    const { bus } = await scriptedBus({}, { driver });
    await Promise.all(['a', 'b', 'c'].map((text) => bus.publish('orders', text, { key: text })));
    await bus.publish('orders', 'd');
    expect(driver.batches).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('is not given what its caller gave up in that turn', async () => {
    const driver = new Batching();
    driver.during = (record) => record.stored();
    const { bus } = await scriptedBus({}, { driver });
    const abort = new AbortController();
    const given = bus.publish('orders', 'given up', { signal: abort.signal });
    const kept = bus.publish('orders', 'kept');
    abort.abort();
    await expect(given).rejects.toMatchObject({ code: 'ABORTED' });
    await kept;
    expect(driver.batches).toEqual([['kept']]);
  });

  it('is given nothing where the connection broke in that turn, and gets it when that is back', async () => {
    const driver = new Batching();
    driver.during = (record) => record.stored();
    const { bus } = await scriptedBus({}, { driver });
    const published = ['a', 'b'].map((text) => bus.publish('orders', text, { key: 'k' }));
    driver.host?.onState({ status: 'reconnecting' });
    const later = bus.publish('orders', 'c', { key: 'k' });
    await settle();
    expect(driver.batches).toEqual([]);
    driver.host?.onState({ status: 'connected' });
    await Promise.all([...published, later]);
    expect(driver.batches).toEqual([['a', 'b'], ['c']]);
  });

  it('is given nothing where the connection failed for good in that turn', async () => {
    const driver = new Batching();
    const { bus } = await scriptedBus({}, { driver });
    const published = bus.publish('orders', 'a', { retries: 0 });
    driver.host?.onState({ status: 'failed', cause: new Error('gone') });
    await expect(published).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
    expect(driver.batches).toEqual([]);
  });

  it('that throws fails those that it did not answer', async () => {
    const driver = new Batching();
    driver.sendBatch = (records) => {
      records[0]?.stored();
      throw clientError('no', false);
    };
    const { bus } = await scriptedBus({}, { driver });
    const outcomes = await Promise.allSettled(['a', 'b'].map((text) => bus.publish('orders', text)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await settle();
    await expect(bus.flush()).resolves.toBeUndefined();
  });

  it('gets at most 1,000 in one call', async () => {
    const driver = new Batching();
    driver.during = (record) => record.stored();
    const { bus } = await scriptedBus({}, { driver });
    await Promise.all(Array.from({ length: 2_500 }, (_, index) => bus.publish('orders', String(index))));
    expect(driver.batches.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
    expect(driver.batches.flat().map(Number)).toEqual(Array.from({ length: 2_500 }, (_, index) => index));
  });
});
