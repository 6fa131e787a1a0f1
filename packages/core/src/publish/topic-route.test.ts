import { describe, expect, it, vi } from 'vitest';
import { EbusError } from '../errors.js';
import type { WaitingJob } from './job-queue.js';
import { TopicRoute } from './topic-route.js';

const SETTINGS = { persistence: 'persistent', retriesInClient: false, maxMessageBytes: undefined } as const;

function routed() {
  const look = vi.fn();
  const route = new TopicRoute('orders', SETTINGS, look);
  const proceeded: [name: string, refusal: EbusError | undefined][] = [];
  const wait = (name: string) => {
    const job = { sent: false, inner: undefined, ahead: undefined, behind: undefined, queue: undefined };
    route.held?.push({ ...job, proceed: () => proceeded.push([name, route.refusal]) } as WaitingJob);
  };
  return { route, look, proceeded, wait };
}

describe('a route that is held', () => {
  it('keeps back what is published until everybody has released it', () => {
    const { route, proceeded, wait } = routed();
    route.hold();
    route.hold();
    wait('a');
    wait('b');
    route.release();
    expect([proceeded, route.isIdle]).toEqual([[], false]);
    route.release();
    expect(proceeded.map(([name]) => name)).toEqual(['a', 'b']);
    expect([route.held, route.isIdle]).toEqual([undefined, true]);
  });

  it('rejects what waits where the topic cannot be used, and goes on holding for others', () => {
    const { route, proceeded, wait } = routed();
    const refusal = new EbusError('no', { code: 'TOPIC_NOT_FOUND' });
    route.checked = true;
    route.hold();
    route.hold();
    wait('a');
    route.refuse(refusal);
    expect(proceeded).toEqual([['a', refusal]]);
    expect([route.checked, route.refusal, route.held]).toEqual([false, undefined, expect.anything()]);
  });

  it('says when the driver has answered all that it was given', async () => {
    const { route } = routed();
    await route.allAnswered();
    route.sending = 2;
    const answered = vi.fn();
    const all = route.allAnswered().then(answered);
    route.answered();
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).not.toHaveBeenCalled();
    route.answered();
    await all;
  });
});

it('looks for a topic again that the broker misses, once', () => {
  const { route, look } = routed();
  route.checked = true;
  route.lookAgain();
  expect(look).not.toHaveBeenCalled();
  route.missed();
  route.lookAgain();
  route.hold();
  route.lookAgain();
  expect([look.mock.calls, route.isMissed]).toEqual([[[route]], true]);
});

it('forgets the positions of the other way when its persistence changes', () => {
  const { route } = routed();
  route.published.note({ offset: 5 });
  route.unplaced = 3;
  route.set(SETTINGS);
  expect([route.published.get(0), route.unplaced]).toEqual([5, 3]);
  route.set({ ...SETTINGS, persistence: 'ephemeral' });
  expect([route.published.get(0), route.unplaced]).toEqual([undefined, 0]);
});

it('makes ids for deduplication that are its own among topics', () => {
  const { route } = routed();
  const other = new TopicRoute('others', SETTINGS, () => {});
  expect([route.messageId(''), route.messageId(undefined)]).toEqual([undefined, undefined]);
  expect(route.messageId('1')).not.toBe(other.messageId('1'));
});
