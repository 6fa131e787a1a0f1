/** The proven and unproven parts of a run, for a reader who knows neither the suite nor the adapter. */
import type { Ability } from './abilities.js';

interface Unproven {
  readonly group: string;
  readonly lacks: readonly Ability[];
}

/** Counts the results of one run, for the lines at its end. */
export class Summary {
  #tests = 0;
  readonly #unproven: Unproven[] = [];
  readonly #known: { name: string; reason: string }[] = [];
  /** Tests that failed, by the claims that they rest on. */
  readonly #notKept = new Map<string, string[]>();

  test(): void {
    this.#tests++;
  }

  unproven(group: string, lacks: readonly Ability[]): void {
    this.#unproven.push({ group, lacks });
  }

  knownToFail(name: string, reason: string): void {
    this.#known.push({ name, reason });
  }

  /** A test failed that is not known to. */
  notKept(name: string, claims: readonly string[]): void {
    const claim = claims.length === 0 ? 'what every transport promises' : claims.join('; ');
    const failed = this.#notKept.get(claim) ?? [];
    failed.push(name);
    this.#notKept.set(claim, failed);
  }

  /** Lines of plain text. */
  lines(run: string): string[] {
    const counts = [
      `${this.#tests} tests`,
      `${this.#known.length} known to fail`,
      `${this.#unproven.length} not proven`,
    ];
    return [
      `${run}: ${counts.join(', ')}`,
      ...[...this.#notKept].flatMap(([claim, failed]) => [
        `  claimed and not kept: ${claim}`,
        ...failed.map((name) => `    failed: ${name}`),
      ]),
      ...this.#known.map(({ name, reason }) => `  known to fail: ${name} (${reason})`),
      ...[...this.#byGroup()].map(
        ([group, { count, lacks }]) =>
          `  not proven: ${group} (${count} ${count === 1 ? 'test' : 'tests'}; the harness offers no ${[...lacks].join(', ')})`,
      ),
    ];
  }

  #byGroup(): Map<string, { count: number; lacks: Set<Ability> }> {
    const groups = new Map<string, { count: number; lacks: Set<Ability> }>();
    for (const { group, lacks } of this.#unproven) {
      const of = groups.get(group) ?? { count: 0, lacks: new Set() };
      of.count++;
      for (const ability of lacks) of.lacks.add(ability);
      groups.set(group, of);
    }
    return groups;
  }
}
