/** How publishes end: retries, timeouts, aborts. */
import assert from 'node:assert/strict';
import { EbusError, PublishError, PublishTimeoutError } from '@ebus/core';
import { SkippableClock } from '@ebus/core/driver';
import { declares } from '../requirements.js';
import type { Group } from '../suite.js';
import { event } from '../test-kit/events.js';
import { turns } from '../test-kit/eventually.js';
import { to, Wire } from '../test-kit/wire.js';

const refusal = new PublishError('refused for the test', { retryable: false });
const hiccup = new PublishError('hiccup of the test', { retryable: true });

const RETRY_MS = 5_000;
const patient = { errorHandling: { retryBackoffBase: RETRY_MS, retryBackoffMax: RETRY_MS } };

/** Whose jitter is next to nothing. */
class PatientClock extends SkippableClock {
  override random(): number {
    return 0.999;
  }
}

/** Every publish ends in exactly one outcome. */
export const publishOutcomes: Group = ({ test, testWhere }) => {
  testWhere(
    declares('retriesInClient', false),
    'a retryable failure is retried with the same message id',
    async (t) => {
      const wire = new Wire();
      const bus = await t.bus({ wire });
      wire.fail(to(t.topic), hiccup, 2);
      await bus.publishEnvelope(t.topic, event('order-1', 1));
      const ids = wire.log.flatMap((entry) => (entry.kind === 'send' ? [entry.record.messageId] : []));
      assert.equal(ids.length, 3);
      assert.equal(new Set(ids).size, 1);
      assert.notEqual(ids[0], undefined);
    },
  );

  testWhere(
    declares('retriesInClient', false),
    'retries are bounded; the last error is the outcome',
    async (t) => {
      const wire = new Wire();
      const bus = await t.bus({ wire });
      wire.fail(to(t.topic), hiccup);
      await assert.rejects(bus.publish(t.topic, 'hello', { retries: 2 }), (error) => error === hiccup);
      assert.equal(wire.count('send', t.topic), 3);
      await assert.rejects(bus.publish(t.topic, 'hello', { retries: 0 }), (error) => error === hiccup);
      assert.equal(wire.count('send', t.topic), 4);
    },
  );

  testWhere(
    declares('retriesInClient', false),
    'a failed publish is not retried past a later one of its key that was sent',
    async (t) => {
      const wire = new Wire();
      const bus = await t.bus({ wire });
      const rejectHeld = wire.hold((record) => record.messageId === `${t.topic}:first`);
      const first = bus.publish(t.topic, '1', { key: 'order-1', messageId: 'first' });
      const outcome = assert.rejects(first, (error) => error === hiccup);
      await t.eventually(() => wire.count('send', t.topic) === 1);
      await bus.publish(t.topic, '2', { key: 'order-1', messageId: 'second' });
      rejectHeld(hiccup);
      await outcome;
      assert.equal(wire.count('send', t.topic), 2);
    },
  );

  testWhere(
    declares('retriesInClient', false),
    'while a publish waits for its retry, later ones of its key wait behind it',
    async (t) => {
      const wire = new Wire();
      const clock = new PatientClock();
      const bus = await t.bus({ wire, createOptions: { clock }, config: { publisher: patient } });
      wire.fail((record) => record.messageId === `${t.topic}:first`, hiccup, 1);
      const first = bus.publish(t.topic, '1', { key: 'order-1', messageId: 'first' });
      await t.eventually(() => wire.count('failed', t.topic) === 1);
      const second = bus.publish(t.topic, '2', { key: 'order-1', messageId: 'second' });
      await turns(3);
      clock.skip(RETRY_MS);
      await Promise.all([first, second]);
      const ids = wire.log.flatMap((entry) => (entry.kind === 'send' ? [entry.record.messageId] : []));
      assert.deepEqual(
        ids,
        ['first', 'first', 'second'].map((id) => `${t.topic}:${id}`),
      );
    },
  );

  testWhere(
    declares('retriesInClient', false),
    'what is given up while it waits for its retry is not sent again',
    async (t) => {
      const wire = new Wire();
      const clock = new PatientClock();
      const bus = await t.bus({ wire, createOptions: { clock }, config: { publisher: patient } });
      wire.fail(to(t.topic), hiccup, 1);
      const abort = new AbortController();
      const outcome = assert.rejects(bus.publish(t.topic, 'hello', { signal: abort.signal }));
      await t.eventually(() => wire.count('failed', t.topic) === 1);
      abort.abort();
      await outcome;
      clock.skip(RETRY_MS);
      await turns(3);
      assert.equal(wire.count('send', t.topic), 1);
    },
  );

  test('a failure that is not retryable is not retried', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    wire.fail(to(t.topic), refusal);
    await assert.rejects(bus.publish(t.topic, 'hello'), (error) => error === refusal);
    assert.equal(wire.count('send', t.topic), 1);
  });

  test('past its timeout a publish rejects with PublishTimeoutError', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const release = wire.hold(to(t.topic));
    const publishes = [
      bus.publish(t.topic, 'hello', { timeout: 10 }),
      bus.publishEnvelope(t.topic, event('order-1', 1), { timeout: 10 }),
    ];
    for (const publish of publishes) {
      await assert.rejects(publish, (error) => {
        assert.ok(PublishTimeoutError.isInstance(error));
        assert.equal(error.code, 'PUBLISH_TIMEOUT');
        assert.equal(error.retryable, true);
        assert.ok(error.message.includes(t.topic), error.message);
        return true;
      });
    }
    release();
  });

  test('the configured publishTimeout is the default', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire, config: { publisher: { publishTimeout: 10 } } });
    const release = wire.hold(to(t.topic));
    await assert.rejects(bus.publish(t.topic, 'hello'), (error) => PublishTimeoutError.isInstance(error));
    release();
  });

  test('an abort rejects a publish under way, and sends nothing of one that waits', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire, config: { publisher: { maxInFlight: 1 } } });
    const release = wire.hold(to(t.topic));
    const abort = new AbortController();
    const publishes = ['under way', 'waiting'].map((text) => {
      return assert.rejects(bus.publish(t.topic, text, { signal: abort.signal }), (error) => {
        assert.ok(EbusError.isInstance(error));
        assert.equal(error.code, 'ABORTED');
        assert.equal(error.cause, 'no longer wanted');
        return true;
      });
    });
    await t.eventually(() => wire.count('send', t.topic) === 1);
    abort.abort('no longer wanted');
    await Promise.all(publishes);
    release();
    await bus.publish(t.topic, 'later');
    assert.equal(wire.count('send', t.topic), 2);
  });

  test('the rate limit makes publishes wait for their token', async (t) => {
    const wire = new Wire();
    const rateLimit = { enabled: true, ratePerSecond: 0.001, burstSize: 2 };
    const bus = await t.bus({ wire, config: { publisher: { rateLimit } } });
    await bus.publish(t.topic, '1');
    await bus.publish(t.topic, '2');
    await assert.rejects(bus.publish(t.topic, '3', { timeout: 10 }), (error) =>
      PublishTimeoutError.isInstance(error),
    );
    assert.equal(wire.count('send', t.topic), 2);
  });
};
