import fc from 'fast-check';
import { expect, it } from 'vitest';
import { microtasks, settlements, testLog, texts } from './testing/harness.js';

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ send: fc.nat({ max: 20 }), timeout: fc.integer({ min: 1, max: 200 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ group: fc.nat({ max: 2 }), messages: fc.integer({ min: 1, max: 20 }) }),
  },
  fc.record({ advance: fc.nat({ max: 40 }) }),
);

it('writes in call order what was not given up, and holds the bound of every group', async () => {
  const property = async (
    steps: (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
    bound: number,
  ) => {
    const { log, host, send, subscribe } = testLog({ maxChannelSize: bound, bufferSize: 1_000_000 });
    const groups = ['a', 'b', 'c'].map((group) => ({
      member: subscribe({ group }),
      received: [] as string[],
    }));
    const outcomes = new Map<number, 'accepted' | 'given up'>();
    const deadlines: number[] = [];
    for (const step of steps) {
      if ('send' in step) {
        for (let i = 0; i < step.send; i++) {
          const number = deadlines.push(host.clock.monotonic() + step.timeout) - 1;
          void Promise.resolve(send(`${number}`, { deadline: deadlines[number]! })).then(
            () => outcomes.set(number, 'accepted'),
            () => outcomes.set(number, 'given up'),
          );
        }
      } else if ('group' in step) {
        const { member, received } = groups[step.group]!;
        if (log.groups[step.group]!.unsettledCount === 0) continue;
        const batch = (await member.receive({ messages: step.messages, bytes: 1e9 }))!;
        received.push(...texts(batch)!);
        member.settle(settlements(batch));
      } else {
        await host.clock.advance(step.advance);
      }
      await microtasks();
      const held = log.groups.map(({ unsettledCount }) => unsettledCount);
      expect(Math.max(...held)).toBeLessThanOrEqual(bound);
      // A send waits only while a group is full and its time has not come.
      if (log.queue.length > 0) expect(Math.max(...held)).toBe(bound);
      for (const [number, deadline] of deadlines.entries()) {
        if (deadline <= host.clock.monotonic()) expect(outcomes.has(number)).toBe(true);
      }
    }
    const accepted = [...outcomes].filter(([, how]) => how === 'accepted').map(([number]) => number);
    accepted.sort((a, b) => a - b);
    const written = Array.from({ length: log.end }, (_, offset) => texts([log.at(offset)!])![0]);
    expect(written).toEqual(accepted.map(String));
    for (const { received } of groups) expect(received).toEqual(written.slice(0, received.length));
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 50, size: 'max' }),
      fc.integer({ min: 1, max: 30 }),
      property,
    ),
  );
});
