/** Where a test plays: the broker of all, or the one that it may break. */
import type { Ability, ConfigOverlay, LogAccess } from './abilities.js';
import type { Harness } from './harness.js';
import { BrokenBroker } from './test-kit/broken-broker.js';
import { merge } from './test-kit/merge.js';

/** The configuration and broker that one test runs against. */
export interface Stage {
  /** Laid over the harness' configuration. */
  readonly overlay: ConfigOverlay;
  readonly log: LogAccess | undefined;
  readonly broker: BrokenBroker | undefined;
}

/** The broker of all, as most tests use it. */
export const SHARED: Stage = { overlay: {}, log: undefined, broker: undefined };

/** Starts what the tests of a run need, when the first of them needs it, and ends it. */
export class Stages {
  readonly #harness: Harness;
  #started: Promise<ConfigOverlay> | undefined;

  constructor(harness: Harness) {
    this.#harness = harness;
  }

  /** A test that needs anything of the breakable broker plays on that one. */
  async for(needs: readonly Ability[]): Promise<Stage> {
    const { broker, log, leases } = this.#harness;
    if (needs.length === 0) return SHARED;
    const short = needs.includes('leases') ? (leases?.config ?? {}) : {};
    if (!needs.some((ability) => ability.startsWith('broker')))
      return { overlay: short, log, broker: undefined };
    if (broker === undefined) throw new Error('the test asks for a breakable broker that is not offered');
    this.#started ??= broker.start();
    const overlay = merge<ConfigOverlay>(await this.#started, short);
    return { overlay, log: broker.log, broker: new BrokenBroker(broker) };
  }

  async end(): Promise<void> {
    if (this.#started === undefined) return;
    await this.#started.catch(() => {});
    this.#started = undefined;
    await this.#harness.broker?.close();
  }
}
