import { PublishError, PublishTimeoutError, type SendReceipt } from '@ebus/core/driver';
import { describe, expect, it } from 'vitest';
import { SendQueue } from './send-queue.js';
import { microtasks, record, testHost, texts } from './testing/harness.js';

function target() {
  const written: string[] = [];
  let room = 0;
  const queue = new SendQueue({
    hasRoom: () => room > 0,
    whyFull: () => "group 'g' holds 5 messages",
    append(sent): SendReceipt {
      room--;
      written.push(...(texts([{ ...sent, token: 0 } as never]) ?? []));
      return { position: { offset: written.length - 1 } };
    },
  });
  return {
    queue,
    written,
    makeRoom(count: number) {
      room += count;
      queue.drain();
    },
  };
}

describe('SendQueue', () => {
  it('writes in the order of the calls as room comes', async () => {
    const { queue, written, makeRoom } = target();
    const host = testHost();
    const sends = ['a', 'b', 'c'].map((value) => queue.add(record(value), host));
    makeRoom(2);
    expect(written).toEqual(['a', 'b']);
    expect(await sends[1]).toEqual({ position: { offset: 1 } });
    makeRoom(1);
    expect(written).toEqual(['a', 'b', 'c']);
    expect(queue.length).toBe(0);
  });

  it('rejects at the deadline, says who is in the way, and never writes that record', async () => {
    const { queue, written, makeRoom } = target();
    const host = testHost();
    const soon = queue.add(record('soon', { deadline: host.clock.monotonic() + 100 }), host);
    const later = queue.add(record('later', { deadline: host.clock.monotonic() + 5_000 }), host);
    const failed = expect(soon).rejects.toThrow("not sent within its timeout: group 'g' holds 5 messages");
    await host.clock.advance(100);
    await failed;
    expect(queue.length).toBe(1);
    makeRoom(2);
    await later;
    expect(written).toEqual(['later']);
    await host.clock.advance(5_000);
    expect(host.clock.pending).toBe(0);
  });

  it('rejects deadlines in any order, on one timer', async () => {
    const { queue } = target();
    const host = testHost();
    const outcomes: number[] = [];
    for (const ms of [300, 100, 200]) {
      queue.add(record('x', { deadline: host.clock.monotonic() + ms }), host).catch(() => outcomes.push(ms));
    }
    expect(host.clock.pending).toBe(1);
    await host.clock.advance(250);
    expect(outcomes).toEqual([100, 200]);
    await host.clock.advance(50);
    expect(outcomes).toEqual([100, 200, 300]);
    expect(host.clock.pending).toBe(0);
  });

  it('uses one timer, however many sends come and go, and a delay that timers can hold', () => {
    const { queue, makeRoom } = target();
    const host = testHost();
    let timers = 0;
    const { clock } = host;
    const setTimeout = clock.setTimeout.bind(clock);
    clock.setTimeout = (fn, ms) => {
      timers++;
      expect(ms).toBeLessThan(2 ** 31);
      return setTimeout(fn, ms);
    };
    for (let i = 0; i < 100; i++) {
      void queue.add(record('x', { deadline: Number.MAX_SAFE_INTEGER }), host);
      makeRoom(1);
    }
    expect(timers).toBe(1);
  });

  it('does not write what is overdue although its timer has not fired yet', async () => {
    const { queue, written, makeRoom } = target();
    const host = testHost();
    const late = queue.add(record('late', { deadline: host.clock.monotonic() + 100 }), host);
    host.clock.block(100);
    makeRoom(1);
    await expect(late).rejects.toBeInstanceOf(PublishTimeoutError);
    expect(written).toEqual([]);
  });

  it('gives up the sends of one host and keeps those of the others', async () => {
    const { queue, written, makeRoom } = target();
    const [one, two] = [testHost(), testHost()];
    const given = queue.add(record('one'), one);
    const kept = queue.add(record('two'), two);
    let settled = false;
    void queue.settled(one).then(() => {
      settled = true;
    });
    await microtasks();
    expect(settled).toBe(false);
    const failed = expect(given).rejects.toThrow('closed: orders');
    queue.reject(one, (topic) => new PublishError(`closed: ${topic}`));
    await failed;
    expect(settled).toBe(true);
    expect(one.clock.pending).toBe(0);
    makeRoom(1);
    await kept;
    expect(written).toEqual(['two']);
  });
});
