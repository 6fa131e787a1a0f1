/** A receipt is the broker's answer: compared with what the broker holds, while answers stay away and brokers die. */
import assert from 'node:assert/strict';
import type { PublishEnvelopeOptions } from '@ebus/core';
import { declares } from '../requirements.js';
import type { Group } from '../suite.js';
import { event } from '../test-kit/events.js';
import { turns } from '../test-kit/eventually.js';
import { failureOf } from '../test-kit/failure.js';
import { History } from '../test-kit/history.js';
import { load, readInto, storedLabels } from '../test-kit/load.js';

/** Longer than anything here waits for. */
const LONG = '60s';

/** No receipt without an acknowledgement from the broker, whatever happens to answers and brokers. */
export const receipts: Group = ({ prove, capabilities }) => {
  const acknowledged = declares('acknowledged');
  const needs = ['broker.network', 'broker.log.stored'] as const;

  prove(needs, acknowledged, "a publish stays pending until the broker's answer has arrived", async (t) => {
    const bus = await t.bus();
    await bus.publishEnvelope(t.topic, event('a', 1));
    t.broker.network.holdAnswers();
    let isSettled = false;
    const publishing = bus.publishEnvelope(t.topic, event('a', 2), { timeout: LONG }).finally(() => {
      isSettled = true;
    });
    publishing.catch(() => {});
    await t.eventually(
      async () => storedLabels(await t.log.stored(t.topic)).includes('a#2'),
      'the broker holds it',
    );
    await turns(20);
    assert.equal(isSettled, false, 'acknowledged before the broker had answered');
    t.broker.network.heal();
    assert.equal((await publishing).topic, t.topic);
  });

  prove(
    needs,
    acknowledged,
    'a message whose answer is lost is stored, and once where ids are deduplicated',
    async (t) => {
      const bus = await t.bus();
      await bus.publishEnvelope(t.topic, event('a', 1));
      t.broker.network.holdAnswers();
      const publishing = bus.publishEnvelope(t.topic, event('a', 2), { timeout: LONG, retries: 20 });
      publishing.catch(() => {});
      await t.eventually(
        async () => storedLabels(await t.log.stored(t.topic)).includes('a#2'),
        'the broker holds it',
      );
      t.broker.network.cut();
      t.broker.network.heal();
      await publishing;
      const stored = storedLabels(await t.log.stored(t.topic));
      if (capabilities.dedupe) assert.deepEqual(stored, ['a#1', 'a#2']);
      else assert.deepEqual([...new Set(stored)], ['a#1', 'a#2']);
    },
  );

  for (const how of ['its timeout', 'its signal'] as const) {
    prove(
      needs,
      acknowledged,
      `a publish given up by ${how} without a connection is never sent later`,
      async (t) => {
        const bus = await t.bus();
        await bus.publishEnvelope(t.topic, event('a', 1));
        t.broker.network.cut();
        await t.eventually(() => bus.connection.state().status !== 'connected', 'the loss is noticed');
        const abort = new AbortController();
        const limit: PublishEnvelopeOptions =
          how === 'its timeout' ? { timeout: 200 } : { timeout: LONG, signal: abort.signal };
        const publishing = failureOf(bus.publishEnvelope(t.topic, event('a', 2), limit));
        await turns();
        abort.abort();
        const error = await publishing;
        assert.ok(how === 'its signal' || error.retryable, `retryable: ${error.message}`);
        t.broker.network.heal();
        await bus.publishEnvelope(t.topic, event('a', 3), { timeout: LONG });
        await bus.publishEnvelope(t.topic, event('a', 4), { timeout: LONG });
        assert.deepEqual(storedLabels(await t.log.stored(t.topic)), ['a#1', 'a#3', 'a#4']);
      },
    );
  }

  prove(
    ['broker.kill', 'broker.log.stored'],
    acknowledged,
    'all that was acknowledged is stored, in order, however often the broker is killed',
    async (t) => {
      const bus = await t.bus();
      const history = new History();
      const publishing = load(bus, t.topic, history);
      for (let kills = 1; kills <= 2; kills++) {
        const before = history.acceptedCount;
        await t.eventually(() => history.acceptedCount > before + 50, 'publishing goes on');
        await t.broker.kill();
        await t.eventually(() => bus.connection.state().status !== 'connected', 'the loss is noticed');
        await t.broker.restart();
      }
      const before = history.acceptedCount;
      await t.eventually(() => history.acceptedCount > before + 50, 'publishing goes on');
      await publishing.stop();
      readInto(history, await t.log.stored(t.topic));
      history.check();
    },
  );

  prove(
    ['broker.kill', 'broker.log.stored'],
    acknowledged,
    'publishes of one key that are not awaited are stored in the order of the calls, also when the broker is killed',
    async (t) => {
      const bus = await t.bus();
      const history = new History();
      await bus.publishEnvelope(t.topic, event('a', 0));
      const all: Promise<void>[] = [];
      const publish = (sequence: number) =>
        bus.publishEnvelope(t.topic, event('a', sequence), { timeout: LONG }).then(
          () => history.accept('a', sequence),
          () => {},
        );
      for (let sequence = 1; sequence <= 300; sequence++) all.push(publish(sequence));
      await t.eventually(() => history.acceptedCount > 0, 'some are acknowledged');
      await t.broker.kill();
      for (let sequence = 301; sequence <= 350; sequence++) all.push(publish(sequence));
      await t.broker.restart();
      await Promise.all(all);
      const stored = (await t.log.stored(t.topic)).slice(1);
      readInto(history, stored);
      const sequences = history.accepted.get('a') ?? [];
      history.accepted.set(
        'a',
        sequences.sort((one, two) => one - two),
      );
      history.check();
    },
  );
};
