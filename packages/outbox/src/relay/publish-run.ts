/** Publishes the events of one aggregate, one after the other, and stops at the first that fails. */
import type { Clock } from '@ebus/core/driver';
import type { Failure } from '../store.js';
import { withinTrace } from '../trace-context.js';
import type { Held } from './batch.js';
import { type DecideOptions, decide } from './decide.js';
import type { Ledger } from './ledger.js';
import type { RelayBus } from './relay-options.js';

interface RunOptions extends DecideOptions {
  readonly bus: RelayBus;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Whether each publish gets a span. */
  readonly tracing: boolean;
  /** True once nothing more is to be sent. */
  stopping(): boolean;
  onPublished(): void;
  onFailure(held: Held, error: unknown, failure: Omit<Failure, 'id' | 'token'>): void;
}

/** Never rejects. Each event is sent once the one before it was acknowledged. */
export async function publishRun(run: readonly Held[], options: RunOptions): Promise<void> {
  const { ledger, clock } = options;
  for (const [index, held] of run.entries()) {
    // Whoever has taken an event of the run goes on with the aggregate.
    const lost = held.lost || run[index - 1]?.lost === true || clock.monotonic() >= held.expiresAt;
    if (lost || options.stopping()) return ledger.released(run.slice(index));
    try {
      await publish(options, held);
    } catch (error) {
      const decision = decide(error, held.event, options);
      if (decision.release) return ledger.released(run.slice(index));
      options.onFailure(held, error, decision.failure);
      ledger.failed(held, decision.failure);
      return ledger.released(run.slice(index + 1));
    }
    options.onPublished();
    ledger.published(held);
  }
}

function publish({ bus, tracing }: RunOptions, { event }: Held): Promise<unknown> {
  const { topic, envelope, headers = [] } = event;
  return withinTrace(event, tracing, () =>
    headers.length === 0
      ? bus.publishEnvelope(topic, envelope)
      : bus.publishEnvelope(topic, envelope, { headers }),
  );
}
