/** An OpenTelemetry SDK that records spans, and their trees as text. */
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace-base';

export interface RecordedSpans {
  /** In the order of their beginnings. */
  ended(): readonly ReadableSpan[];
  unregister(): void;
}

/** Registers the SDK for this process. */
export function recordSpans(): RecordedSpans {
  // Their times are too coarse to tell which began first.
  const begun: ReadableSpan[] = [];
  const processor: SpanProcessor = {
    onStart: (span) => void begun.push(span),
    onEnd: () => {},
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return {
    ended: () => begun.filter((span) => span.ended),
    unregister: () => {
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

/** A trace as a tree, a line for each span, in the order given: name, attempt, kind, and whether it failed. */
export function treeOf(spans: readonly ReadableSpan[], traceId: string): string[] {
  const ofTrace = spans.filter((span) => span.spanContext().traceId === traceId);
  const known = new Set(ofTrace.map((span) => span.spanContext().spanId));
  const lines: string[] = [];
  const add = (parent: string | undefined, depth: number) => {
    for (const span of ofTrace) {
      const above = span.parentSpanContext?.spanId;
      const isRoot = above === undefined || !known.has(above);
      if (parent === undefined ? !isRoot : above !== parent) continue;
      lines.push(`${'  '.repeat(depth)}${lineOf(span)}`);
      add(span.spanContext().spanId, depth + 1);
    }
  };
  add(undefined, 0);
  return lines;
}

const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'];

function lineOf({ name, kind, attributes, status }: ReadableSpan): string {
  const attempt = attributes['ebus.attempt'];
  const number = attempt === undefined ? '' : ` #${String(attempt)}`;
  return `${name}${number} (${KINDS[kind]})${status.code === 2 ? ' failed' : ''}`;
}
