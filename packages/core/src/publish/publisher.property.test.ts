/** Whatever the driver answers, and whoever gives up: order, bounds, one outcome each, and nothing left behind. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { clientError } from '../testing/scripted-driver.js';

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('publish' as const), pick: fc.nat(4), ms: fc.nat(3) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('envelope' as const), pick: fc.nat(4), ms: fc.nat(3) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('ack' as const), pick: fc.nat(9), ms: fc.constant(0) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('refuse' as const), pick: fc.nat(9), ms: fc.constant(0) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('break' as const), pick: fc.nat(9), ms: fc.constant(0) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), pick: fc.constant(0), ms: fc.nat(40) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('abort' as const), pick: fc.constant(0), ms: fc.constant(0) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('flush' as const), pick: fc.constant(0), ms: fc.constant(0) }),
  },
);
const setting = fc.record({
  maxInFlight: fc.integer({ min: 1, max: 4 }),
  limited: fc.boolean(),
  lettered: fc.boolean(),
  middleware: fc.boolean(),
});

const TIMEOUTS = [15, 40, 200, 60_000];

it('keeps order and bounds, and settles every publish once, whatever the driver answers', async () => {
  await fc.assert(
    fc.asyncProperty(setting, fc.array(step, { maxLength: 60, size: 'max' }), async (how, steps) => {
      const { maxInFlight, limited, lettered, middleware } = how;
      const { bus, driver, clock } = await scriptedBus({
        publisher: {
          maxInFlight,
          rateLimit: { enabled: limited, ratePerSecond: 200, burstSize: 2 },
          errorHandling: {
            retryBackoffBase: 5,
            retryBackoffMax: 20,
            maxRetryAttempts: 2,
            deadLetterTopic: lettered ? 'letters' : '',
          },
        },
      });
      if (middleware) bus.use({ publish: async (_record, next) => next() });
      const answered = new Set<number>();
      const outcomes = new Map<string, string[]>();
      const flushed: { settled: boolean; before: string[] }[] = [];
      const abort = new AbortController();
      let made = 0;
      const open = () => driver.sends.map((_, index) => index).filter((index) => !answered.has(index));
      const answer = (pick: number, how: (index: number) => void) => {
        const waiting = open();
        const index = waiting[pick % Math.max(1, waiting.length)];
        if (index === undefined) return;
        answered.add(index);
        how(index);
      };
      const check = () => {
        for (const { settled, before } of flushed) {
          if (settled) for (const id of before) expect(outcomes.get(id)).toHaveLength(1);
        }
        expect(open().length).toBeLessThanOrEqual(maxInFlight);
        const first = new Map<string, number>();
        for (const { record, text } of driver.sends) {
          const id = Number(/^\d+$/.test(text) ? text : JSON.parse(text).payload);
          const lane = `${record.topic}/${String(record.key)}`;
          if (record.topic === 'letters' || record.key === undefined) continue;
          expect(id).toBeGreaterThanOrEqual(first.get(lane) ?? 0);
          first.set(lane, id);
        }
      };
      for (const { kind, pick, ms } of steps) {
        const id = String(made);
        if (kind === 'publish' || kind === 'envelope') {
          made++;
          const options = { timeout: TIMEOUTS[ms] as number, signal: abort.signal };
          const key = `k${pick % 3}`;
          const event = { aggregateId: key, eventType: 'E', eventVersion: 1, payload: Number(id) };
          const publishing =
            kind === 'publish'
              ? bus.publish('orders', id, pick === 4 ? options : { ...options, key })
              : bus.publishEnvelope('orders', event, options);
          outcomes.set(id, []);
          const note = (text: string) => outcomes.get(id)?.push(text);
          void publishing.then(
            () => note('ok'),
            (error) => note(error.code),
          );
        } else if (kind === 'ack') answer(pick, (index) => driver.sends[index]?.ack());
        else if (kind === 'refuse')
          answer(pick, (index) => driver.sends[index]?.fail(clientError('busy', true)));
        else if (kind === 'break')
          answer(pick, (index) => driver.sends[index]?.fail(clientError('no', false)));
        else if (kind === 'wait') await clock.advance(ms);
        else if (kind === 'abort') abort.abort();
        else {
          const flush = { settled: false, before: [...outcomes.keys()] };
          flushed.push(flush);
          void bus.flush().then(() => {
            flush.settled = true;
          });
        }
        await settle();
        check();
      }
      for (let round = 0; bus.metrics().messageBacklog > 0 && round < 2_000; round++) {
        while (open().length > 0) {
          answer(0, (index) => driver.sends[index]?.ack());
          await settle();
        }
        check();
        await clock.advance(20);
      }
      await settle();
      for (const outcome of outcomes.values()) expect(outcome).toHaveLength(1);
      for (const { settled } of flushed) expect(settled).toBe(true);
      expect(bus.metrics().messageBacklog).toBe(0);
      await bus.close();
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 80 },
  );
});
