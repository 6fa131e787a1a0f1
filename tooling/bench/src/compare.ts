/** Measuring contenders against each other: in turn, over several rounds, compared round by round. */

/** One way to do the job that a suite measures. */
export interface Contender {
  readonly name: string;
  /** Messages in one round; chosen by each contender so that a round takes a good part of a second. */
  readonly messages: number;
  /**
   * Handles that many messages, and returns once the last is handled. Where more has to happen before these, `begin` is called after
   * that: the measurement starts anew.
   */
  run(messages: number, begin: () => void): void | Promise<void>;
  /** Seconds of processor time that another process took for the last run. */
  elsewhere?(): number;
}

/** The part of the messages that is sent: less than 1 to see that everything runs, which measures nothing. */
let scale = 1;

export function scaleTo(part: number): void {
  scale = part;
}

/** A count of messages at that scale. */
export const scaled = (messages: number): number => Math.max(20, Math.round(messages * scale));

/**
 * By the clock, or by the processor time of this process (its helper threads included), which other programs on the
 * machine do not falsify. For what waits, only the clock makes sense.
 */
export type Measure = 'clock' | 'processor';

/** What a contender achieved: seconds for one message, by round. */
export interface Measured extends Readonly<Record<Measure, readonly number[]>> {
  readonly name: string;
}

/**
 * Runs the contenders in turn, round after round, so that a machine that grows slower or faster meanwhile does so for
 * all of them. One more round before the first is thrown away: it warms up.
 */
export async function compare<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  rounds: number,
): Promise<Record<Name, Measured>> {
  const names = Object.keys(contenders) as Name[];
  const results = {} as Record<Name, { name: string; clock: number[]; processor: number[] }>;
  for (const name of names) results[name] = { name: contenders[name].name, clock: [], processor: [] };
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const { clock, processor } = await measure(contenders[name]);
      if (round < 0) continue;
      results[name].clock.push(clock);
      results[name].processor.push(processor);
    }
  }
  return results;
}

async function measure({ messages: wanted, run, elsewhere }: Contender): Promise<Record<Measure, number>> {
  const messages = scaled(wanted);
  globalThis.gc?.();
  let usedBefore = process.cpuUsage();
  let began = performance.now();
  await run(messages, () => {
    usedBefore = process.cpuUsage();
    began = performance.now();
  });
  const clock = (performance.now() - began) / 1e3 / messages;
  const { user, system } = process.cpuUsage(usedBefore);
  return { clock, processor: ((user + system) / 1e6 + (elsewhere?.() ?? 0)) / messages };
}

/** Messages per second; the median of the rounds. */
export function perSecond(measured: Measured, by: Measure): number {
  return 1 / median(measured[by]);
}

/** How many times as fast as the other; the median of the rounds. */
export function ratio(measured: Measured, reference: Measured, by: Measure): number {
  return median(measured[by].map((seconds, round) => (reference[by][round] ?? Number.NaN) / seconds));
}

/** Microseconds that a message costs more than with the other; the median of the rounds. */
export function extraMicroseconds(measured: Measured, reference: Measured, by: Measure): number {
  return median(measured[by].map((seconds, round) => (seconds - (reference[by][round] ?? Number.NaN)) * 1e6));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
