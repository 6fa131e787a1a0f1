/** The check that a relay adds to the bus' health report. */
import type { BusinessCheck } from '@ebus/core';
import { EbusError } from '@ebus/core/driver';
import type { RelayStats } from './relay-stats.js';

interface RelayHealthOptions {
  readonly name: string;
  /** Milliseconds. */
  readonly maxAge: number;
  stats(): Promise<RelayStats>;
}

/**
 * Fails while the database does not answer, and while an event waits for longer than `maxAge`. Failed events do not fail
 * it, since taking the service out of its load balancer would not help; they are in the details.
 */
export function relayHealth({ name, maxAge, stats }: RelayHealthOptions): BusinessCheck {
  let last: RelayStats | undefined;
  return {
    name,
    check: async () => {
      last = undefined;
      const now = await stats();
      last = now;
      if (now.oldestAgeMs <= maxAge) return;
      throw new EbusError(
        `the oldest event in the outbox waits for ${Math.round(now.oldestAgeMs / 1000)} s`,
        {
          code: 'PUBLISH_FAILED',
        },
      );
    },
    metrics: () => {
      if (last === undefined) return {};
      const { pending, failed, oldestAgeMs, published, publishFailures, held } = last;
      return { pending, failed, oldestAgeMs, published, publishFailures, held };
    },
  };
}
