/** The application's own checks. */
import type { Clock } from '../clock.js';
import { ConfigError } from '../errors.js';
import type { Logger } from '../logger.js';
import { filledText, func, required } from '../util/option-kinds.js';
import { checkOptions, optionTable } from '../util/options.js';
import { isPromise, quietly } from '../util/promise.js';
import { outcomeWithin } from './outcome.js';
import type { BusinessCheck, BusinessCheckResult } from './types.js';

const CHECK = optionTable<BusinessCheck>(
  { name: required(filledText), check: required(func), metrics: func },
  {},
  { others: 'instances' },
);

/** The checks that the application registered, by name. */
export class BusinessChecks {
  readonly #checks = new Map<string, BusinessCheck>();
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** Those that failed the last time: a failure is logged once, however often the report is asked for. */
  readonly #failing = new Set<BusinessCheck>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** The function returned removes it. */
  register(check: BusinessCheck): () => void {
    checkOptions('health.register', check ?? null, CHECK);
    const { name } = check;
    if (this.#checks.has(name)) {
      throw new ConfigError(`there is a health check named '${name}' already; choose another name`);
    }
    this.#checks.set(name, check);
    return () => {
      if (this.#checks.get(name) !== check) return;
      this.#checks.delete(name);
      this.#failing.delete(check);
    };
  }

  /** All at once; each gets so many milliseconds. */
  run(timeout: number): Promise<BusinessCheckResult[]> {
    return Promise.all([...this.#checks.values()].map((check) => this.#run(check, timeout)));
  }

  async #run(check: BusinessCheck, timeout: number): Promise<BusinessCheckResult> {
    const { name } = check;
    const outcome = await outcomeWithin(this.#clock, timeout, async (signal) => check.check(signal));
    if (outcome.ok) {
      this.#failing.delete(check);
      return { name, status: 'healthy', ...this.#details(check) };
    }
    const { error, timedOut } = outcome;
    const reason = timedOut ? `the check did not answer within ${timeout} ms` : 'the check failed';
    if (!this.#failing.has(check))
      this.#logger.warn({ err: error, check: name }, `a health check: ${reason}`);
    this.#failing.add(check);
    return { name, status: 'unhealthy', reason, ...this.#details(check), error };
  }

  #details(check: BusinessCheck): { details?: Readonly<Record<string, unknown>> } {
    try {
      const details = check.metrics?.();
      if (!isPromise(details)) return details === undefined ? {} : { details };
      quietly(details);
      throw new TypeError('metrics() must not be async; take the figures in check()');
    } catch (err) {
      this.#logger.warn({ err, check: check.name }, 'metrics() of a business health check throws');
      return {};
    }
  }
}
