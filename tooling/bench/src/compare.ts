/** Measuring contenders against each other: in turn, over several rounds, compared round by round. */

/** One way to do the job that a suite measures. */
export interface Contender {
  readonly name: string;
  /** Messages in one round; chosen by each contender so that a round takes a good part of a second. */
  readonly messages: number;
  /** Handles that many messages, and returns once the last is handled. */
  run(messages: number): void | Promise<void>;
}

/** What a contender achieved. */
export interface Measured {
  readonly name: string;
  /** Messages per second, by round. */
  readonly rounds: readonly number[];
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
  const speeds = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const speed = await measure(contenders[name]);
      if (round >= 0) speeds.get(name)?.push(speed);
    }
  }
  const measured = names.map((name) => [name, { name: contenders[name].name, rounds: speeds.get(name) }]);
  return Object.fromEntries(measured);
}

async function measure(contender: Contender): Promise<number> {
  globalThis.gc?.();
  const begin = performance.now();
  await contender.run(contender.messages);
  return (contender.messages * 1000) / (performance.now() - begin);
}

/** The median of what `figure` makes of each round. */
export function medianOf(figure: (round: number) => number, rounds: number): number {
  return median(Array.from({ length: rounds }, (_, round) => figure(round)));
}

export function perSecond(measured: Measured): number {
  return median(measured.rounds);
}

/** How many times as fast as the other; the median of the rounds. */
export function ratio(measured: Measured, reference: Measured): number {
  return medianOf((i) => at(measured, i) / at(reference, i), measured.rounds.length);
}

/** Microseconds that a message costs more than with the other; the median of the rounds. */
export function extraMicroseconds(measured: Measured, reference: Measured): number {
  return medianOf((i) => 1e6 / at(measured, i) - 1e6 / at(reference, i), measured.rounds.length);
}

function at(measured: Measured, round: number): number {
  return measured.rounds[round] ?? Number.NaN;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
