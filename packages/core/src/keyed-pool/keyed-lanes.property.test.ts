import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyedLanes, type Lane } from './keyed-lanes.js';

const KEYS = ['a', 'b', 'c', 'd', 'e'] as const;

/** What happens from outside, or from within an item's first `run`. */
type Step =
  | { do: 'push'; key: string; inside: readonly Step[] }
  | { do: 'end' | 'hold' | 'resume' | 'end held' | 'end resumed'; pick: number }
  | { do: 'take'; modulo: number }
  | { do: 'concurrency'; slots: number };

interface Item {
  readonly key: string;
  readonly number: number;
  inside: readonly Step[];
}

/** Keyed lanes next to a plain account of what they should hold. */
class World {
  readonly running = new Map<Item, Lane<Item>>();
  readonly held = new Map<Item, Lane<Item>>();
  readonly resumed = new Map<Item, Lane<Item>>();
  readonly lanes: KeyedLanes<Item>;
  /** In push order. */
  waiting: Item[] = [];
  #pushed = 0;

  constructor(concurrency: number) {
    this.lanes = new KeyedLanes<Item>({ concurrency, run: (item, lane) => this.#run(item, lane) });
  }

  #run(item: Item, lane: Lane<Item>): void {
    if (!this.resumed.delete(item)) {
      expect(this.waiting.find((other) => other.key === item.key)).toBe(item);
      this.waiting = this.waiting.filter((other) => other !== item);
    }
    expect(this.currentKeys()).not.toContain(item.key);
    this.running.set(item, lane);
    expect(this.running.size).toBeLessThanOrEqual(this.lanes.concurrency);
    expect([lane.key, lane.item, lane.oldest]).toEqual([item.key, item, item]);
    const steps = item.inside;
    item.inside = [];
    for (const step of steps) this.perform(step);
  }

  perform(step: Step): void {
    const { lanes, running, held, resumed } = this;
    if (step.do === 'push') {
      const item: Item = { key: step.key, number: this.#pushed++, inside: step.inside };
      this.waiting.push(item);
      lanes.push(item.key, item);
    } else if (step.do === 'take') {
      const matches = (item: Item) => item.number % step.modulo === 0;
      expect(lanes.takeQueued(matches)).toEqual(this.waiting.filter(matches));
      this.waiting = this.waiting.filter((item) => !matches(item));
    } else if (step.do === 'concurrency') {
      lanes.concurrency = step.slots;
    } else if (step.do === 'hold') {
      move(running, step.pick, held, (lane) => lanes.hold(lane));
    } else if (step.do === 'resume') {
      move(held, step.pick, resumed, (lane) => lanes.resume(lane));
    } else {
      const from = step.do === 'end' ? running : step.do === 'end held' ? held : resumed;
      move(from, step.pick, undefined, (lane) => lanes.release(lane));
    }
  }

  /** The keys that have an item running, held or resumed. */
  currentKeys(): string[] {
    return [...this.running.keys(), ...this.held.keys(), ...this.resumed.keys()].map((item) => item.key);
  }

  check(): void {
    const { lanes, running, waiting, held, resumed } = this;
    expect(lanes.running).toBe(running.size);
    expect(lanes.queued).toBe(waiting.length);
    const lengths = KEYS.map((key) => waiting.filter((item) => item.key === key).length);
    expect(lanes.longest).toBe(Math.max(...lengths));
    expect(lanes.held).toBe(held.size + resumed.size);
    const current = this.currentKeys();
    const active = new Set([...current, ...waiting.map((item) => item.key)]);
    expect(new Set([...lanes.lanes()].map((lane) => lane.key))).toEqual(active);
    expect(lanes.activeKeys).toBe(active.size);
    for (const key of KEYS) {
      expect(lanes.waiting(key)).toBe(waiting.filter((item) => item.key === key).length);
    }
    // With a slot free, nothing that could start is left standing.
    if (running.size < lanes.concurrency) {
      expect(resumed.size).toBe(0);
      expect(waiting.filter((item) => !current.includes(item.key))).toEqual([]);
    }
  }
}

/** Picks an item, and moves it in the account before the call, whose consequences may look at it. */
function move(
  from: Map<Item, Lane<Item>>,
  pick: number,
  to: Map<Item, Lane<Item>> | undefined,
  call: (lane: Lane<Item>) => void,
): void {
  const [item, lane] = [...from][pick % from.size] ?? [];
  if (item === undefined || lane === undefined) return;
  from.delete(item);
  to?.set(item, lane);
  call(lane);
}

const call = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('end', 'end', 'end', 'hold', 'resume', 'end held', 'end resumed'),
      pick: fc.nat(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('take'), modulo: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('concurrency'), slots: fc.nat(4) }) },
) as fc.Arbitrary<Step>;
const push = (inside: fc.Arbitrary<Step[]>) =>
  fc.record({ do: fc.constant('push' as const), key: fc.constantFrom(...KEYS), inside });
const innermost = push(fc.array(call, { maxLength: 2 }));
const step: fc.Arbitrary<Step> = fc.oneof(call, push(fc.array(fc.oneof(call, innermost), { maxLength: 3 })));

describe('KeyedLanes under any sequence of calls, from outside and from within run', () => {
  it('runs one item of a key at a time, in push order, within the slots, and never idles with work at hand', () => {
    const steps = fc.array(step, { maxLength: 60, size: 'max' });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (sequence, slots) => {
        const world = new World(slots);
        for (const one of sequence) {
          world.perform(one);
          world.check();
        }
        for (let rounds = 0; world.lanes.activeKeys > 0 && rounds < 1_000; rounds++) {
          world.perform({ do: 'concurrency', slots: 2 });
          for (const kind of ['resume', 'end', 'end'] as const) world.perform({ do: kind, pick: 0 });
          world.check();
        }
        expect(world.lanes.activeKeys).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
