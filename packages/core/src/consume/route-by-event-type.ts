/** One subscription, one handler per event type. */
import { PermanentError } from '../errors.js';
import type { EnvelopeHandler } from './types.js';

export interface RouteOptions {
  /** What becomes of events of other types. Default `ignore`: they are settled unhandled. */
  otherwise?: 'ignore' | 'dead-letter' | EnvelopeHandler;
}

/**
 * A handler for `subscribeEnvelope` that picks by `eventType`. Order per aggregate holds across the types, since
 * they share the subscription. `dead-letter` fails such events permanently, so the subscription's policy applies.
 */
export function routeByEventType<Payloads extends Record<string, unknown>>(
  handlers: { readonly [Type in keyof Payloads]: EnvelopeHandler<Payloads[Type]> },
  options: RouteOptions = {},
): EnvelopeHandler<Payloads[keyof Payloads]> {
  const byType = new Map(Object.entries(handlers) as [string, EnvelopeHandler<Payloads[keyof Payloads]>][]);
  const { otherwise = 'ignore' } = options;
  return (envelope, context) => {
    const handler = byType.get(envelope.eventType);
    if (handler !== undefined) return handler(envelope, context);
    if (typeof otherwise === 'function') return otherwise(envelope, context);
    if (otherwise === 'ignore') return;
    const known = [...byType.keys()].join(', ');
    throw new PermanentError(`no handler for event type '${envelope.eventType}'; known: ${known}`);
  };
}
