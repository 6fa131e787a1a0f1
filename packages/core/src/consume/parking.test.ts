import { describe, expect, it } from 'vitest';
import type { ParkNote } from '../dead-letters/park/park-note.js';
import type { ParkedLetters } from '../dead-letters/park/parked-letters.js';
import type { IncomingMessage } from '../driver/message.js';
import { ManualClock } from '../testing/manual-clock.js';
import { Delivery } from './delivery.js';
import { Parking } from './parking.js';
import type { ConsumePolicy } from './policy.js';
import { StartGate } from './start-gate.js';

const letter = (key: string, offset: number): ParkNote => ({
  kind: 'letter',
  key,
  at: { partition: 0, offset: String(offset) },
});
const handled = (key: string, offset: number): ParkNote => ({
  ...{ kind: 'handled', key, through: [{ partition: 0, offset: String(offset) }], count: 1 },
});

/** A dead-letter topic that answers when it is told to. */
function harness(records: ParkNote[] = [], maxParkedKeys = 10) {
  const clock = new ManualClock();
  const log: string[] = [];
  const failures: unknown[] = [];
  const topic = {
    ...{ records, reads: 0, fails: 0 },
    hold: undefined as Promise<void> | undefined,
    onBegin: undefined as (() => void) | undefined,
  };
  const letters = {
    async *records() {
      topic.reads++;
      await topic.hold;
      if (topic.fails-- > 0) throw new Error('not now');
      for (const note of [...topic.records]) yield { note, incoming: {} as IncomingMessage };
    },
  } as unknown as ParkedLetters;
  const gate = new StartGate(
    (delivery) => {
      log.push(`begins ${delivery.key}`);
      topic.onBegin?.();
    },
    [],
    clock,
    () => {},
  );
  const parking = new Parking({
    policy: { topic: 't', group: 'g', deadLetterTopic: 't.dlq', maxParkedKeys } as ConsumePolicy,
    ...{ clock, gate, letters },
    events: { failed: (_source, error) => failures.push(error) },
    append: ({ key, incoming }) => log.push(`appends ${key} ${incoming.position?.offset}`),
    finish: ({ key, incoming }, outcome) => log.push(`${outcome} ${key} ${incoming.position?.offset}`),
  });
  const delivery = (key: string, offset?: number) => {
    const position = offset === undefined ? {} : { position: { offset } };
    const made = new Delivery({ token: 0, topic: 't', value: new Uint8Array(), headers: [], ...position }, 0);
    made.key = key;
    return made;
  };
  const settled = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return { parking, gate, clock, log, failures, topic, delivery, settled };
}

describe('Parking', () => {
  it.each([
    ['in the turn in which the gate opens', (reload: () => void) => reload()],
    ['a moment later', (reload: () => void) => queueMicrotask(reload)],
    ['two moments later', (reload: () => void) => queueMicrotask(() => queueMicrotask(reload))],
  ])('reads again where it is asked to %s, and opens the gate after that', async (_, when) => {
    const { parking, gate, log, topic, delivery, settled } = harness();
    parking.start();
    gate.pass(delivery('a', 1));
    topic.onBegin = () => {
      topic.onBegin = undefined;
      when(() => parking.reload());
    };
    await settled();
    await settled();
    gate.pass(delivery('b', 2));
    expect([log, topic.reads]).toEqual([['begins a', 'begins b'], 2]);
  });

  it('lets nothing begin before it knows which keys are parked', async () => {
    const { parking, gate, log, delivery, settled } = harness([letter('a', 3)]);
    parking.start();
    gate.pass(delivery('b', 1));
    expect(log).toEqual([]);
    await settled();
    expect([log, parking.count]).toEqual([['begins b'], 1]);
  });

  it('appends newer messages of a parked key, and settles those that are letters already', async () => {
    const { parking, log, delivery, settled } = harness([letter('a', 3), letter('a', 5)]);
    parking.start();
    await settled();
    expect([parking.takes(delivery('a', 5)), parking.takes(delivery('a', 6))]).toEqual([true, true]);
    expect(parking.takes(delivery('b', 7))).toBe(false);
    expect(log).toEqual(['dead-lettered a 5', 'appends a 6']);
  });

  it('follows the letters and notes that it writes', async () => {
    const { parking, delivery, settled } = harness();
    parking.start();
    await settled();
    const note = parking.noteOf(delivery('a', 3));
    expect(parking.takes(delivery('a', 4))).toBe(false);
    parking.written(note, true);
    expect(parking.takes(delivery('a', 4))).toBe(true);
    parking.apply(handled('a', 9));
    expect([parking.takes(delivery('a', 10)), parking.count]).toEqual([false, 0]);
    parking.written(parking.noteOf(delivery('b', 3)), false);
    expect(parking.count).toBe(0);
  });

  it('keeps what it writes while it reads', async () => {
    const { parking, topic, delivery, settled } = harness();
    parking.start();
    await settled();
    let go = () => {};
    topic.hold = new Promise((resolve) => {
      go = resolve;
    });
    parking.reload();
    await settled();
    parking.written(parking.noteOf(delivery('a', 3)), true);
    go();
    await settled();
    expect(parking.takes(delivery('a', 4))).toBe(true);
  });

  it('reads anew where it is told to meanwhile, one reading at a time', async () => {
    const { parking, gate, topic, settled } = harness();
    let go = () => {};
    topic.hold = new Promise((resolve) => {
      go = resolve;
    });
    parking.start();
    for (let i = 0; i < 5; i++) parking.reload();
    await settled();
    expect(topic.reads).toBe(1);
    topic.records.push(letter('a', 1));
    go();
    await settled();
    await settled();
    expect([topic.reads, parking.count, gate.isClosedBy('loading parked keys')]).toEqual([2, 1, false]);
  });

  it('tries again, and says so, where it cannot read', async () => {
    const { parking, gate, clock, topic, failures, settled } = harness([letter('a', 1)]);
    topic.fails = 2;
    parking.start();
    await settled();
    expect([failures.length, gate.isClosedBy('loading parked keys')]).toEqual([1, true]);
    for (let i = 0; i < 3; i++) {
      await clock.advance(30_000);
      await settled();
    }
    expect([failures.length, parking.count, gate.isClosedBy('loading parked keys')]).toEqual([2, 1, false]);
  });

  it('handles nothing while there are more keys than it may know', async () => {
    const { parking, gate, clock, topic, failures, settled } = harness([letter('a', 1), letter('b', 2)], 1);
    parking.start();
    await settled();
    expect(failures).toMatchObject([{ code: 'LIMIT' }]);
    expect(gate.isClosedBy('loading parked keys')).toBe(true);
    topic.records.push(handled('a', 1));
    topic.records.sort((one) => (one.key === 'a' ? -1 : 1));
    await clock.advance(30_000);
    await settled();
    expect([parking.count, gate.isClosedBy('loading parked keys')]).toEqual([1, false]);
  });

  it('refuses to park what it could not keep in order or in bounds', async () => {
    const { parking, delivery, settled } = harness([letter('a', 1)], 2);
    parking.start();
    await settled();
    expect(parking.refusal(delivery('b'))).toMatch(/no position/);
    expect(parking.refusal(delivery('x'.repeat(5_000), 3))).toMatch(/characters/);
    expect(parking.refusal(delivery('b', 3))).toBeUndefined();
    const note = parking.noteOf(delivery('b', 3));
    expect(parking.refusal(delivery('c', 4))).toMatch(/maxParkedKeys/);
    parking.written(note, true);
    expect(parking.refusal(delivery('c', 4))).toMatch(/maxParkedKeys/);
    expect(parking.refusal(delivery('a', 5))).toBeUndefined();
  });

  it('forgets within a minute a key that another member has redriven', async () => {
    const { parking, clock, topic, delivery, settled } = harness([letter('a', 1)]);
    parking.start();
    await settled();
    topic.records.push(handled('a', 4));
    await clock.advance(60_000);
    await settled();
    expect([parking.count, parking.takes(delivery('a', 5))]).toEqual([0, false]);
    const { reads } = topic;
    await clock.advance(600_000);
    await settled();
    expect([topic.reads, clock.pending]).toEqual([reads, 0]);
  });

  it('leaves no timer when it stops', async () => {
    const { parking, clock, settled } = harness([letter('a', 1)]);
    parking.start();
    await settled();
    expect(clock.pending).toBe(1);
    parking.stop();
    expect(clock.pending).toBe(0);
  });
});
