/** Tests that show a known fault: they run, must fail, and are counted where everybody sees it. */

/** The reason. A fault that depends on chance says so: its test may pass, too, until the mark is removed. */
export type KnownFault = string | { readonly reason: string; readonly sometimes: true };

/** Finds the marks of tests, and afterwards those that no test met. */
export class KnownToFail {
  readonly #reasons: Readonly<Record<string, KnownFault>>;
  readonly #met = new Set<string>();

  constructor(reasons: Readonly<Record<string, KnownFault>> = {}) {
    this.#reasons = reasons;
  }

  /** The fault, where the test is marked. */
  faultOf(group: string, title: string): { reason: string; sometimes: boolean } | undefined {
    const name = `${group}: ${title}`;
    const fault = Object.hasOwn(this.#reasons, name) ? this.#reasons[name] : undefined;
    if (fault === undefined) return undefined;
    this.#met.add(name);
    return typeof fault === 'string' ? { reason: fault, sometimes: false } : fault;
  }

  /** Marks in these groups, or in none that there is, that no test met. */
  unmet(groups: readonly string[], all: readonly string[]): string[] {
    return Object.keys(this.#reasons).filter((name) => {
      const isIn = (group: string) => name.startsWith(`${group}: `);
      return !this.#met.has(name) && (groups.some(isIn) || !all.some(isIn));
    });
  }
}

/** Passes where the body fails. @throws where it passes, unless it may: the mark has to go */
export async function mustFail(
  name: string,
  { reason, sometimes }: { reason: string; sometimes: boolean },
  body: () => Promise<void>,
): Promise<void> {
  try {
    await body();
  } catch {
    return;
  }
  if (!sometimes)
    throw new Error(`passes although it is known to fail (${reason}): remove the mark of '${name}'`);
}
