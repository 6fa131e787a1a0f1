/** What becomes of many publishes: reports, and results of which none is dropped. */
import assert from 'node:assert/strict';
import { EbusError, PublishError, type PublishResult } from '@ebus/core';
import { SkippableClock } from '@ebus/core/driver';
import type { Group } from '../suite.js';
import { event, interleaved } from '../test-kit/events.js';
import { turns } from '../test-kit/eventually.js';
import { to, Wire } from '../test-kit/wire.js';

const refusal = new PublishError('refused for the test', { retryable: false });

/** The places that a reader of publish results has. */
const RESULTS_BUFFER = 10_000;

/** Every accepted publish has one result for every reader, and none is dropped. */
export const publishResults: Group = ({ test }) => {
  test('publishResults yields one result for every envelope accepted after the call, failures included', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    await bus.publishEnvelope(t.topic, event('before', 1));
    const results = bus.publishResults();
    wire.fail((record) => record.key === 'refused', refusal);
    const receipt = await bus.publishEnvelope(t.topic, { ...event('accepted', 1), eventId: 'event-1' });
    await assert.rejects(bus.publishEnvelope(t.topic, { ...event('refused', 1), eventId: 'event-2' }));
    await bus.publish(t.topic, 'raw messages yield none');
    await bus.close();

    const [first, second, ...others] = await readAll(results);
    assert.ok(first?.ok);
    assert.deepEqual(first.receipt, receipt);
    assert.ok(second?.ok === false);
    assert.equal(second.error, refusal);
    for (const [i, result] of [first, second].entries()) {
      assert.equal(result.eventId, `event-${i + 1}`);
      assert.equal(result.topic, t.topic);
      assert.equal(result.eventType, 'OrderChanged');
      assert.ok(result.timestamp instanceof Date);
    }
    assert.equal(first.aggregateId, 'accepted');
    assert.deepEqual(others, []);
  });

  test('every reader gets every result; leaving the loop or an abort ends just that reader', async (t) => {
    const bus = await t.bus();
    const abort = new AbortController();
    const [all, leaving, aborted] = [
      bus.publishResults(),
      bus.publishResults(),
      bus.publishResults({ signal: abort.signal }),
    ];
    await bus.publishEnvelopes(t.topic, interleaved(3, 1));
    for await (const result of leaving) {
      assert.ok(result.ok);
      break;
    }
    abort.abort();
    await readAll(aborted);
    await bus.publishEnvelopes(t.topic, interleaved(2, 1));
    await bus.close();
    assert.equal((await readAll(all)).length, 5);
  });

  test('a reader that does not read makes publishing wait; nothing is dropped', async (t) => {
    const clock = new SkippableClock();
    const wire = new Wire();
    const bus = await t.bus({ wire, createOptions: { clock } });
    let stalled = 0;
    bus.on('resultsStalled', () => void stalled++);
    const results = bus.publishResults();
    await bus.publishEnvelopes(t.topic, interleaved(100, RESULTS_BUFFER / 100));
    const oneTooMany = bus.publishEnvelope(t.topic, event('waiting', 1), { timeout: '10h' });
    await assert.rejects(bus.publishEnvelope(t.topic, event('impatient', 1), { timeout: 10 }), (error) => {
      assert.ok(EbusError.isInstance(error));
      assert.equal(error.code, 'RESULTS_BACKPRESSURE');
      return true;
    });
    assert.equal(wire.count('send', t.topic), RESULTS_BUFFER);
    await t.eventually(() => {
      clock.skip(200);
      return stalled > 0;
    });

    const read: string[] = [];
    for await (const result of results) {
      read.push(result.aggregateId);
      if (read.length === 1) await oneTooMany;
      if (result.aggregateId === 'waiting') break;
    }
    assert.equal(read.length, RESULTS_BUFFER + 1);
    assert.ok(!read.includes('impatient'));
  });

  test('publishEnvelopes keeps at most maxInFlight going', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const release = wire.hold(to(t.topic));
    const publishing = bus.publishEnvelopes(t.topic, interleaved(10, 1), { maxInFlight: 3 });
    await t.eventually(() => wire.count('send', t.topic) === 3);
    await turns();
    assert.equal(wire.count('send', t.topic), 3);
    release();
    assert.deepEqual(await publishing, { published: 10, failed: [] });
  });

  test('publishEnvelopes reports a failure and leaves the later events of that aggregate unsent', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    wire.fail((record) => record.key === 'order-1', refusal, 1);
    const report = await bus.publishEnvelopes(t.topic, slowly(interleaved(3, 3)), { maxInFlight: 1 });
    assert.equal(report.published, 6);
    assert.deepEqual(
      report.failed.map(({ aggregateId, ok }) => [aggregateId, ok]),
      Array.from({ length: 3 }, () => ['order-1', false]),
    );
    assert.equal(
      wire.log.filter((entry) => entry.kind === 'send' && entry.record.key === 'order-1').length,
      1,
    );
  });

  test('publishEnvelopes reports an invalid envelope and publishes the others', async (t) => {
    const bus = await t.bus();
    const envelopes = [event('order-1', 1), event(' ', 1), event('order-2', 1)];
    const report = await bus.publishEnvelopes(t.topic, envelopes);
    assert.equal(report.published, 2);
    const [failure] = report.failed;
    assert.ok(failure?.ok === false);
    assert.equal(failure.error.code, 'ENVELOPE_INVALID');
  });
};

async function readAll(results: AsyncIterable<PublishResult>): Promise<PublishResult[]> {
  const all: PublishResult[] = [];
  for await (const result of results) all.push(result);
  return all;
}

async function* slowly<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await turns(1);
    yield item;
  }
}
