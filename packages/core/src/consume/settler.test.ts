import { describe, expect, it, vi } from 'vitest';
import type { IncomingMessage, Settlement } from '../driver/message.js';
import type { DriverSubscription } from '../driver/subscription.js';
import { type Deferred, deferred } from '../util/promise.js';
import { Delivery } from './delivery.js';
import { Settler } from './settler.js';

const of = (partition: number, offset = 0) =>
  new Delivery(
    {
      topic: 'orders',
      value: new Uint8Array(),
      headers: [],
      position: { partition, offset },
      token: offset,
    } as never as IncomingMessage,
    0,
  );

function settling(answer: () => Promise<void> | undefined = () => undefined) {
  const calls: number[][] = [];
  const failed = vi.fn();
  const settler = new Settler(failed);
  const settle = (batch: readonly Settlement[]) => {
    calls.push(batch.map(({ token }) => token as number));
    return answer();
  };
  settler.attach({ settle } as unknown as DriverSubscription);
  return { settler, calls, failed };
}

const isDone = async (work: Promise<unknown>) => {
  let done = false;
  void work.then(() => {
    done = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return done;
};

describe('what is finished', () => {
  it('is settled in one call: what synchronous code has finished, and what a batch has', async () => {
    const { settler, calls } = settling();
    settler.add(of(0, 1));
    settler.add(of(0, 2));
    expect(calls).toEqual([]);
    await Promise.resolve();
    settler.beginBatch();
    settler.add(of(0, 3));
    await Promise.resolve();
    settler.add(of(0, 4));
    settler.endBatch();
    expect(calls).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('is not settled where it is lost before that', async () => {
    const { settler, calls } = settling();
    settler.add(of(0, 1));
    settler.add(of(1, 2));
    settler.forget(({ incoming }) => incoming.position?.partition === 0);
    await settler.settled();
    expect(calls).toEqual([[2]]);
  });

  it('is told about where the driver refuses it, at once or later', async () => {
    const { settler, failed } = settling(() => Promise.reject(new Error('later')));
    settler.add(of(0));
    await settler.settled();
    const throwing = settling(() => JSON.parse('no'));
    throwing.settler.add(of(0));
    throwing.settler.add(of(0));
    await throwing.settler.settled();
    expect([failed.mock.calls[0]?.[1], throwing.failed.mock.calls[0]?.[1]]).toEqual([1, 2]);
  });
});

describe('waiting until the driver has confirmed', () => {
  it('waits for what was added so far, and for nothing that comes meanwhile', async () => {
    const answers: Deferred<void>[] = [];
    const { settler } = settling(() => {
      const answer = deferred();
      answers.push(answer);
      return answer.promise;
    });
    settler.add(of(0));
    const settled = settler.settled();
    settler.add(of(0));
    settler.flush();
    expect(await isDone(settled)).toBe(false);
    answers[0]?.resolve();
    expect(await isDone(settled)).toBe(true);
  });

  it('of some partitions does not wait for the flow of others', async () => {
    const busy = deferred();
    const { settler } = settling(() => busy.promise);
    settler.add(of(1));
    settler.flush();
    expect(await isDone(settler.settled([0]))).toBe(true);
    expect(await isDone(settler.settled([0, 1]))).toBe(false);
    expect(await isDone(settler.settled())).toBe(false);
    expect(settler.oldestUnconfirmed).toBeDefined();
    busy.resolve();
    await settler.settled();
    expect(settler.oldestUnconfirmed).toBeUndefined();
  });
});
