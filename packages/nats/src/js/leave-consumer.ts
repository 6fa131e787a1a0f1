/** The end of a client of a consumer: the others of its group go on at once. */
import type { ConsumerSpec } from '../consumer-plan.js';
import type { Consumers } from '../consumers.js';
import type { Deliveries } from './deliveries.js';

interface Leaving {
  readonly consumers: Pick<Consumers, 'delete' | 'unpin'>;
  readonly spec: ConsumerSpec;
  readonly deliveries: Pick<Deliveries, 'confirm'>;
  /** Where it is the single active client. */
  readonly pin: string | undefined;
}

/**
 * Waits until settlements are confirmed, and gives up the place of the single active client. The place also where the server did not confirm
 * in time: the next one waits for all that is not settled. @throws where the server does not answer
 */
export async function leaveConsumer({ consumers, spec, deliveries, pin }: Leaving): Promise<void> {
  if (!spec.durable) return consumers.delete(spec);
  try {
    await deliveries.confirm();
  } finally {
    // The server chooses the next one at once, instead of when it misses this one.
    if (pin !== undefined) await consumers.unpin(spec, pin);
  }
}
