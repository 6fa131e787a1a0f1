/** The health report as an indicator of `@nestjs/terminus`, which is not needed for it. */
import type { EventBus, HealthReport } from '@ebus/core';

/** The shape that `@nestjs/terminus` takes. */
export type EbusHealthResult<Key extends string = string> = Record<
  Key,
  {
    readonly status: 'up' | 'down';
    readonly report: HealthReport['status'];
    readonly problems?: readonly string[];
  }
>;

/** `health.check([() => indicator.check('ebus')])`. */
export class EbusHealthIndicator {
  readonly #bus: EventBus;

  constructor(bus: EventBus) {
    this.#bus = bus;
  }

  /** Up while the bus may be given work: `degraded` is up, with its problems. Never rejects. */
  async check<Key extends string = 'ebus'>(key: Key = 'ebus' as Key): Promise<EbusHealthResult<Key>> {
    const { status, ready, checks, business } = await this.#bus.health.report();
    const problems = [...checks, ...business].flatMap(({ name, reason }) =>
      reason === undefined ? [] : [`${name}: ${reason}`],
    );
    const result = {
      status: ready ? 'up' : 'down',
      report: status,
      ...(problems.length === 0 ? {} : { problems }),
    };
    return { [key]: result } as unknown as EbusHealthResult<Key>;
  }
}
