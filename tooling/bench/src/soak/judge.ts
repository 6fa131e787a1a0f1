/** Whether a profile of memory is flat. Pure. */

/** Bytes that the process had at one look, after garbage was collected and while no event was on its way. */
export interface Sample {
  /** Since the run began. */
  readonly seconds: number;
  readonly events: number;
  readonly heapUsed: number;
  /** Memory outside of the heap that objects hold; `arrayBuffers` is a part of it. */
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
}

/** A measure in the second third of the samples against the last: medians in bytes, and the growth between them as a ratio. */
export interface Judgement {
  readonly measure: string;
  readonly second: number;
  readonly last: number;
  readonly growth: number;
  readonly limit: number;
  readonly flat: boolean;
}

/**
 * The heap after a collection holds what is reachable, and samples of a steady load differ by less than 1 %. A leak of 100
 * bytes for every hundredth event is beyond 5 % within minutes. RSS counts pages that V8 and malloc keep for later as well,
 * and moves by several per cent without a leak.
 */
const MEASURES: readonly (readonly [name: string, of: (sample: Sample) => number, limit: number])[] = [
  ['heap after GC', ({ heapUsed }) => heapUsed, 0.05],
  ['heap and external', ({ heapUsed, external }) => heapUsed + external, 0.05],
  ['RSS', ({ rss }) => rss, 0.1],
];

/** The first third is left to warming up: compiled code, pools and buffers reach their size. Needs three samples. */
export function judge(samples: readonly Sample[]): Judgement[] {
  const third = Math.floor(samples.length / 3);
  if (third === 0) throw new Error(`${samples.length} samples have no thirds to compare; run for longer`);
  return MEASURES.map(([measure, of, limit]) => {
    const values = samples.map(of);
    const second = median(values.slice(-2 * third, -third));
    const last = median(values.slice(-third));
    const growth = last / second - 1;
    return { measure, second, last, growth, limit, flat: growth <= limit };
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
