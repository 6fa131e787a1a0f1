/** An OpenTelemetry SDK that records spans, for the tests of one `describe`. */
import { context, propagation, type Tracer, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll } from 'vitest';

export interface RecordedSpans {
  readonly tracer: Tracer;
  /** Ended spans, in the order of their ends. */
  all(): readonly ReadableSpan[];
  /** The only ended span of that name. */
  only(name: string): ReadableSpan;
}

/** Call it in a `describe`. The SDK is there for its tests, and gone afterwards. */
export function recordedSpans(): RecordedSpans {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  beforeAll(() => {
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(
      new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
    );
  });
  afterEach(() => exporter.reset());
  afterAll(() => {
    trace.disable();
    context.disable();
    propagation.disable();
  });
  const all = () => exporter.getFinishedSpans();
  return {
    tracer: provider.getTracer('application'),
    all,
    only: (name) => {
      const found = all().filter((span) => span.name === name);
      if (found.length === 1) return found[0] as ReadableSpan;
      const names = all().map((span) => span.name);
      throw new Error(`there are ${found.length} spans '${name}' among ${names.join(', ')}`);
    },
  };
}

/** A trace of another process: the header, and its ids. */
export const REMOTE = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
};
