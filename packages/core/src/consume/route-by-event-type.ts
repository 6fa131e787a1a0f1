/** One subscription, one handler per event type. */
import type { Envelope } from '../envelope/envelope.js';
import { PermanentError } from '../errors.js';
import type { EnvelopeHandler } from './types.js';

export interface RouteOptions<P = unknown> {
  /** What becomes of events of other types. Default `ignore`: they are settled unhandled. */
  otherwise?: 'ignore' | 'dead-letter' | EnvelopeHandler<P>;
}

/**
 * A handler for `subscribeEnvelope` that picks by `eventType`. Order per aggregate holds across the types, since
 * they share the subscription. `dead-letter` fails such events permanently, so the subscription's policy applies.
 */
// biome-ignore lint/suspicious/noExplicitAny: each handler has a payload type of its own
export function routeByEventType<P = any>(
  // biome-ignore lint/suspicious/noExplicitAny: each handler has a payload type of its own
  handlers: Readonly<Record<string, EnvelopeHandler<any>>>,
  options: RouteOptions<P> = {},
): EnvelopeHandler<P> {
  const byType = new Map(Object.entries(handlers));
  const { otherwise = 'ignore' } = options;
  return (envelope: Envelope<P>, context) => {
    const handler = byType.get(envelope.eventType);
    if (handler !== undefined) return handler(envelope, context);
    if (typeof otherwise === 'function') return otherwise(envelope, context);
    if (otherwise === 'ignore') return;
    throw new PermanentError(
      `no handler for event type '${envelope.eventType}'; known: ${[...byType.keys()].join(', ')}`,
    );
  };
}
