/** Null and no bytes are two things where the broker tells them apart: in messages, dead letters and redrives. */
import assert from 'node:assert/strict';
import type { Message } from '@ebus/core';
import { declares, redriving } from '../requirements.js';
import type { Group } from '../suite.js';

const key = 'order-1';

/** Null values and empty values stay different where the broker has both. */
export const tombstones: Group = ({ prove }) => {
  prove(
    ['log.write'],
    declares('tombstones'),
    'null comes as a tombstone, and no bytes come as none',
    async (t) => {
      const bus = await t.bus();
      const seen: Message[] = [];
      await bus.subscribe(t.topic, (message) => void seen.push(message), { concurrency: 1 });
      await t.log.write(t.topic, { value: '', tombstone: true, key });
      await t.eventually(() => seen.length === 1, 'null is handled');
      await t.log.write(t.topic, { value: '', key });
      await t.eventually(() => seen.length === 2, 'what a stranger wrote is handled');
      await bus.publish(t.topic, '', { key });
      await t.eventually(() => seen.length === 3, 'what ebus wrote is handled');
      assert.deepEqual(
        seen.map(({ tombstone, data }) => [tombstone, data.length]),
        [
          [true, 0],
          [false, 0],
          [false, 0],
        ],
      );
    },
  );

  prove(
    ['log.write', 'log.stored'],
    [declares('tombstones'), redriving],
    'null is null in a dead letter, and where that is redriven to',
    async (t) => {
      const bus = await t.bus();
      let isBroken = true;
      const subscription = await bus.subscribe(
        t.topic,
        () => {
          if (isBroken) throw new Error('broken');
        },
        { maxRetries: 0, onExhausted: 'dead-letter', concurrency: 1 },
      );
      for (const tombstone of [true, false]) await t.log.write(t.topic, { value: '', tombstone, key });
      await t.eventually(() => subscription.stats().deadLettered === 2, 'both are dead-lettered');
      isBroken = false;
      await bus.deadLetters.redrive(t.topic);
      await t.eventually(() => subscription.stats().handled === 2, 'both are handled');
      for (const topic of [`${t.topic}.dlq`, t.topic]) {
        const kinds = (await t.log.stored(topic)).slice(-2).map(({ tombstone = false }) => tombstone);
        assert.deepEqual(kinds, [true, false], topic);
      }
    },
  );
};
