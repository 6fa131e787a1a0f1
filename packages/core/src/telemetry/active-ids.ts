/** The trace and span of the code at hand, for the log. */
import type * as Api from '@opentelemetry/api';
import { isAnythingRegistered } from './sdk.js';
import { logFields } from './telemetry.js';

const NONE = {};

/**
 * Fields for log lines. A span that has ended counts as none: timers and connections made within it keep its context for ever.
 */
export function activeIds({ trace, TraceFlags, isSpanContextValid }: typeof Api): () => object {
  return () => {
    if (!isAnythingRegistered()) return NONE;
    const span = trace.getActiveSpan();
    if (span === undefined) return NONE;
    const identity = span.spanContext();
    const hasEnded = !span.isRecording() && (identity.traceFlags & TraceFlags.SAMPLED) !== 0;
    return hasEnded || !isSpanContextValid(identity) ? NONE : logFields(identity);
  };
}
