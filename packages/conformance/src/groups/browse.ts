/** Looking at dead letters: any number at once, all of them, without taking anything or leaving anything behind. */
import assert from 'node:assert/strict';
import { type DeadLetter, EbusError, type EventBus } from '@ebus/core';
import { browsing } from '../requirements.js';
import type { Group } from '../suite.js';
import type { Scenario } from '../test-kit/scenario.js';

/** Dead letters are read completely, by several readers at once, without a trace at the broker. */
export const browse: Group = ({ testWhere }) => {
  testWhere(browsing, 'all are shown, also where there are more than a reader may hold', async (t) => {
    const bus = await t.bus();
    const sent = await letters(t, bus, 2_500);
    const seen = await bus.deadLetters.list(t.topic, { limit: 10_000 });
    assert.deepEqual(textsOf(seen), sent);
    assert.deepEqual(textsOf(await bus.deadLetters.list(t.topic, { limit: 3 })), sent.slice(0, 3));
    assert.equal((await bus.deadLetters.redrive(t.topic, { dryRun: true })).redriven, 2_500);
  });

  testWhere(browsing, 'several readers at once each see all', async (t) => {
    const bus = await t.bus();
    const other = await t.bus();
    const sent = await letters(t, bus, 20);
    const readers = [bus, bus, other, other].map((reader) => reader.deadLetters.list(t.topic));
    for (const seen of await Promise.all(readers)) assert.deepEqual(textsOf(seen), sent);
  });

  testWhere(browsing, 'a reader that gives up leaves nothing behind', async (t) => {
    const bus = await t.bus();
    const sent = await letters(t, bus, 20);
    const signal = AbortSignal.abort();
    await assert.rejects(bus.deadLetters.list(t.topic, { signal }), (error) => {
      assert.ok(EbusError.isInstance(error));
      assert.equal(error.code, 'ABORTED');
      return true;
    });
    const filter = () => {
      throw new Error('broken');
    };
    await assert.rejects(bus.deadLetters.redrive(t.topic, { dryRun: true, filter }), /broken/);
    assert.deepEqual(textsOf(await bus.deadLetters.list(t.topic)), sent);
    const { redriven } = await bus.deadLetters.redrive(t.topic);
    assert.equal(redriven, 20);
  });

  testWhere(browsing, 'what was redriven is not shown any more, and what came since is', async (t) => {
    const bus = await t.bus();
    await letters(t, bus, 5);
    await bus.deadLetters.redrive(t.topic, { limit: 3 });
    await t.eventually(async () => (await bus.deadLetters.list(t.topic)).length === 5);
    // Those that were redriven have failed once more.
    assert.deepEqual(textsOf(await bus.deadLetters.list(t.topic)).sort(), ['0', '1', '2', '3', '4']);
  });

  testWhere(browsing, 'looking takes nothing from a subscription on the dead-letter topic', async (t) => {
    const bus = await t.bus();
    const sent = await letters(t, bus, 10);
    await bus.deadLetters.list(t.topic);
    const taken = await t.deadLetters(bus, 10);
    assert.deepEqual(
      taken.map((message) => message.text()),
      sent,
    );
  });

  testWhere(
    browsing,
    'letters show what they carry: empty values, bytes, keys, and nothing where there is nothing',
    async (t) => {
      const bus = await t.bus();
      const subscription = await failing(t, bus);
      await bus.publish(t.topic, new Uint8Array(0));
      await bus.publish(t.topic, new Uint8Array([255, 0]), { key: 'k', headers: { empty: '', own: 'x' } });
      await t.eventually(() => subscription.stats().deadLettered === 2);
      // In either order: a broker may keep them in different partitions.
      const all = await bus.deadLetters.list(t.topic);
      assert.equal(all.length, 2);
      const empty = all.find(({ message }) => message.key === undefined);
      const bytes = all.find(({ message }) => message.key === 'k');
      assert.deepEqual([empty?.message.data.byteLength, empty?.message.key], [0, undefined]);
      assert.deepEqual([[...(bytes?.message.data ?? [])], bytes?.message.key], [[255, 0], 'k']);
      assert.deepEqual([bytes?.message.headers.get('empty'), bytes?.message.headers.get('own')], ['', 'x']);
    },
  );
};

function failing(t: Scenario, bus: EventBus) {
  const broken = () => Promise.reject(new Error('broken'));
  return bus.subscribe(t.topic, broken, { maxRetries: 0, onExhausted: 'dead-letter', concurrency: 1 });
}

/** Dead letters `0`, `1`, …, in this order. */
async function letters(t: Scenario, bus: EventBus, count: number): Promise<string[]> {
  const subscription = await failing(t, bus);
  const sent = Array.from({ length: count }, (_, i) => String(i));
  await Promise.all(sent.map((text) => bus.publish(t.topic, text, { key: 'order-1' })));
  await t.eventually(() => subscription.stats().deadLettered === count, `${count} dead letters`);
  return sent;
}

const textsOf = (all: readonly DeadLetter[]): string[] => all.map(({ message }) => message.text());
