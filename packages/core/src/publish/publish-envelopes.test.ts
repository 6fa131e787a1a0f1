import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { EnvelopeInput } from '../envelope/envelope.js';
import { closed, scriptedBus, settle } from '../testing/scripted-bus.js';

function event(n: number): EnvelopeInput {
  return { eventId: `e-${n}`, aggregateId: `a-${n}`, eventType: 'Counted', eventVersion: 1, payload: n };
}

/** What a source may yield although its type forbids it. */
const garbage = [
  null,
  undefined,
  7,
  'text',
  [],
  {},
  () => {},
  Object.create(null),
  {
    get aggregateId() {
      throw new Error('unreadable');
    },
  },
] as unknown as EnvelopeInput[];

describe('items that are no envelopes', () => {
  it('are reported, and the others are published', async () => {
    const { bus, driver } = await scriptedBus();
    const report = bus.publishEnvelopes('orders', [event(1), ...garbage, event(2)]);
    await settle();
    for (const send of driver.sends) send.ack();
    const { published, failed, stopped } = await report;
    expect(published).toBe(2);
    expect(failed).toHaveLength(garbage.length);
    for (const failure of failed) {
      expect(failure).toMatchObject({
        ok: false,
        topic: 'orders',
        eventId: '',
        aggregateId: '',
        eventType: '',
      });
      expect(failure.timestamp).toBeInstanceOf(Date);
    }
    expect(stopped).toBeUndefined();
  });

  it('do not hold up what comes after them', async () => {
    const { bus, driver } = await scriptedBus();
    const report = bus.publishEnvelopes('orders', [null as never, null as never, event(1)], {
      maxInFlight: 1,
    });
    await settle();
    driver.sends[0]?.ack();
    expect(await report).toMatchObject({ published: 1, failed: [{}, {}] });
  });
});

describe('what is no source', () => {
  it.each([null, undefined, 7, 'events', event(1), new Uint8Array(3)])('%o is refused', async (source) => {
    const { bus } = await scriptedBus();
    await expect(bus.publishEnvelopes('orders', source as never)).rejects.toThrow('needs a list');
  });
});

/** Endless, and tells whether it was left. */
function endless(next: (n: number) => unknown) {
  const seen = { read: 0, returned: 0 };
  const iterator = {
    next: () => next(seen.read++),
    return() {
      seen.returned++;
      return { done: true as const, value: undefined };
    },
  };
  return { seen, iterator };
}

const sources: Record<string, () => { seen: { read: number; returned: number }; source: never }> = {
  'a list without end': () => {
    const { seen, iterator } = endless((n) => ({ done: false, value: event(n) }));
    return { seen, source: { [Symbol.iterator]: () => iterator } as never };
  },
  'a stream without end': () => {
    const { seen, iterator } = endless(async (n) => ({ done: false, value: event(n) }));
    return { seen, source: { [Symbol.asyncIterator]: () => iterator } as never };
  },
  'a stream that does not answer': () => {
    const { seen, iterator } = endless(() => new Promise(() => {}));
    return { seen, source: { [Symbol.asyncIterator]: () => iterator } as never };
  },
  'a list of promises that do not resolve': () => {
    const { seen, iterator } = endless(() => ({ done: false, value: new Promise(() => {}) }));
    return { seen, source: { [Symbol.iterator]: () => iterator } as never };
  },
};

describe.each(Object.entries(sources))('%s', (_name, make) => {
  it.each([1, 10, Number.MAX_SAFE_INTEGER])('is left on abort, maxInFlight %d', async (maxInFlight) => {
    const { bus } = await scriptedBus();
    const { seen, source } = make();
    const abort = new AbortController();
    const report = bus.publishEnvelopes('orders', source, { maxInFlight, signal: abort.signal });
    await settle();
    expect(seen.read).toBeGreaterThan(0);
    abort.abort();
    const { published, failed, stopped } = await report;
    expect(published).toBe(0);
    expect(failed.every((failure) => !failure.ok && failure.error.code === 'ABORTED')).toBe(true);
    expect(stopped?.code).toBe('ABORTED');
    expect(seen.returned).toBe(1);
    const { read } = seen;
    await settle();
    expect(seen.read).toBe(read);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
  });

  it('is left when the bus closes', async () => {
    const { bus, clock } = await scriptedBus();
    const { seen, source } = make();
    const report = bus.publishEnvelopes('orders', source, { maxInFlight: 3 });
    await settle();
    const closing = closed({ bus, clock }, { timeout: 0 });
    await settle();
    expect(seen.returned).toBe(1);
    await closing;
    expect((await report).stopped?.code).toBe('BUS_CLOSED');
  });

  it('is not read where it is aborted or closed already', async () => {
    const { bus } = await scriptedBus();
    const aborted = make();
    const signal = AbortSignal.abort();
    expect(await bus.publishEnvelopes('orders', aborted.source, { signal })).toMatchObject({
      stopped: { code: 'ABORTED' },
    });
    await bus.close();
    const late = make();
    expect(await bus.publishEnvelopes('orders', late.source)).toMatchObject({
      stopped: { code: 'BUS_CLOSED' },
    });
    expect([aborted.seen.read, late.seen.read]).toEqual([0, 0]);
  });
});

it('leaves a generator that waits, without waiting for it', async () => {
  const { bus } = await scriptedBus();
  const abort = new AbortController();
  async function* waits() {
    yield event(1);
    await new Promise(() => {});
  }
  const report = bus.publishEnvelopes('orders', waits(), { signal: abort.signal });
  await settle();
  abort.abort();
  expect(await report).toMatchObject({
    published: 0,
    failed: [{ eventId: 'e-1' }],
    stopped: { code: 'ABORTED' },
  });
});

it('has a generator clean up before it resolves', async () => {
  const { bus } = await scriptedBus();
  const abort = new AbortController();
  let cleaned = false;
  async function* cleans() {
    try {
      for (let n = 0; ; n++) yield event(n);
    } finally {
      await settle();
      cleaned = true;
    }
  }
  const report = bus.publishEnvelopes('orders', cleans(), { signal: abort.signal, maxInFlight: 2 });
  await settle();
  abort.abort();
  await report;
  expect(cleaned).toBe(true);
});

it('survives an iterator whose return throws', async () => {
  const { bus } = await scriptedBus();
  const abort = new AbortController();
  const source = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: false, value: event(1) }),
      return() {
        throw new Error('cannot return');
      },
    }),
  };
  const report = bus.publishEnvelopes('orders', source as never, { signal: abort.signal, maxInFlight: 1 });
  await settle();
  abort.abort();
  expect(await report).toMatchObject({ stopped: { code: 'ABORTED' } });
});

it('gives acknowledgements their turn while a list without end is read', async () => {
  const { bus, driver } = await scriptedBus({ publisher: { maxInFlight: 1_000 } });
  const abort = new AbortController();
  function* numbers() {
    for (let n = 0; ; n++) yield event(n);
  }
  const report = bus.publishEnvelopes('orders', numbers(), { maxInFlight: 1e9, signal: abort.signal });
  while (driver.sends.length < 1_000) await settle();
  await settle();
  expect(driver.sends).toHaveLength(1_000);
  for (const send of driver.sends.splice(0)) send.ack();
  while (driver.sends.length < 1_000) await settle();
  abort.abort();
  expect((await report).published).toBe(1_000);
});
