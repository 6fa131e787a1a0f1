/** Tests that show a known fault: they run, must fail, and are counted where everybody sees it. */

export class KnownToFail {
  readonly #reasons: Readonly<Record<string, string>>;
  readonly #met = new Set<string>();

  constructor(reasons: Readonly<Record<string, string>> = {}) {
    this.#reasons = reasons;
  }

  /** The reason, where the test is marked. */
  reasonFor(group: string, title: string): string | undefined {
    const name = `${group}: ${title}`;
    const reason = Object.hasOwn(this.#reasons, name) ? this.#reasons[name] : undefined;
    if (reason !== undefined) this.#met.add(name);
    return reason;
  }

  /** Marks in these groups, or in none that there is, that no test met. */
  unmet(groups: readonly string[], all: readonly string[]): string[] {
    return Object.keys(this.#reasons).filter((name) => {
      const isIn = (group: string) => name.startsWith(`${group}: `);
      return !this.#met.has(name) && (groups.some(isIn) || !all.some(isIn));
    });
  }
}

/** Passes where the body fails. @throws where it passes: the mark has to go */
export async function mustFail(name: string, reason: string, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch {
    return;
  }
  throw new Error(`passes although it is known to fail (${reason}): remove the mark of '${name}'`);
}
