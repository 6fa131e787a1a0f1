import { describe, expect, it } from 'vitest';
import { JobQueue, type WaitingJob } from './job-queue.js';
import { SendOrder } from './send-order.js';

class Job implements WaitingJob {
  queue: WaitingJob['queue'] = undefined;
  ahead: WaitingJob | undefined = undefined;
  behind: WaitingJob | undefined = undefined;
  sent = false;
  inner: unknown = undefined;
  constructor(
    readonly name: string,
    readonly onProceed: (job: Job) => void,
  ) {}
  proceed(): void {
    this.onProceed(this);
  }
}

function ordering() {
  const order = new SendOrder();
  const proceeded: string[] = [];
  const job = (name: string, onProceed: (job: Job) => void = () => {}) =>
    new Job(name, (one) => {
      proceeded.push(one.name);
      onProceed(one);
    });
  const send = (one: Job) => {
    one.sent = true;
    order.sent('k', one);
  };
  return { order, proceeded, job, send };
}

describe('the turns of a key', () => {
  it('go from one to the next as each is handed to the driver', () => {
    const { order, proceeded, job, send } = ordering();
    const [a, b, c] = [job('a'), job('b'), job('c')];
    expect([order.isFree('k'), order.enter('k', a), order.enter('k', b), order.enter('k', c)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(order.isFree('k')).toBe(false);
    send(a);
    expect(proceeded).toEqual(['b']);
    send(b);
    send(c);
    for (const one of [a, b, c]) order.leave('k', one);
    expect([proceeded, order.size]).toEqual([['b', 'c'], 0]);
  });

  it('go on where one gives up without having been sent', () => {
    const { order, proceeded, job } = ordering();
    const [a, b] = [job('a'), job('b')];
    order.enter('k', a);
    order.enter('k', b);
    order.leave('k', a);
    expect(proceeded).toEqual(['b']);
  });

  it('pass through thousands that are sent at once, without the stack growing', () => {
    const { order, proceeded, job } = ordering();
    const first = job('first');
    order.enter('k', first);
    for (let i = 0; i < 50_000; i++) {
      const one = job(String(i), (it) => {
        order.sent('k', it);
        order.leave('k', it);
      });
      order.enter('k', one);
    }
    order.sent('k', first);
    order.leave('k', first);
    expect([proceeded.length, order.size]).toEqual([50_000, 0]);
  });
});

describe('a turn that is taken back for a retry', () => {
  it('is there while nothing later of the key was sent', () => {
    const { order, proceeded, job, send } = ordering();
    const [a, b] = [job('a'), job('b')];
    order.enter('k', a);
    send(a);
    expect(order.retake('k', a)).toBe(true);
    order.enter('k', b);
    send(a);
    expect(proceeded).toEqual(['b']);
    send(b);
    expect(order.retake('k', a)).toBe(false);
  });

  it('is taken from one that only waits for a place, which comes right behind it', () => {
    const { order, proceeded, job, send } = ordering();
    const [a, b, c] = [job('a'), job('b'), job('c')];
    const places = new JobQueue<WaitingJob>();
    for (const one of [a, b, c]) order.enter('k', one);
    send(a);
    places.push(b);
    expect(order.retake('k', a)).toBe(true);
    expect(places.length).toBe(0);
    send(a);
    expect(proceeded).toEqual(['b', 'b']);
  });

  it('is not taken from one whose middleware runs', () => {
    const { order, job, send } = ordering();
    const [a, b] = [job('a'), job('b')];
    order.enter('k', a);
    order.enter('k', b);
    send(a);
    b.inner = {};
    expect(order.retake('k', a)).toBe(false);
  });
});
