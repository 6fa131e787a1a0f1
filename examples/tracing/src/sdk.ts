/** The OpenTelemetry SDK of this program. In a service of your own, `@opentelemetry/sdk-node` does the same. */
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

export interface Sdk {
  /** Where spans are exported to, if anywhere. */
  readonly endpoint: string | undefined;
  /** In the order of their beginnings. */
  ended(): readonly ReadableSpan[];
  /** Exports the remaining spans. */
  shutdown(): Promise<void>;
}

/** Registers the SDK. Spans are kept for the terminal, and exported where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector. */
export function startSdk(): Sdk {
  const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const begun: ReadableSpan[] = [];
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'ebus-tracing-demo' }),
    spanProcessors: [
      keepingIn(begun),
      // The exporter reads the variable itself.
      ...(endpoint === undefined ? [] : [new BatchSpanProcessor(new OTLPTraceExporter())]),
    ],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return {
    endpoint,
    ended: () => begun.filter((span) => span.ended),
    shutdown: async () => {
      await provider.forceFlush();
      await provider.shutdown();
    },
  };
}

/** For the terminal. Span times are too coarse to tell which began first. */
function keepingIn(begun: ReadableSpan[]): SpanProcessor {
  return {
    onStart: (span) => void begun.push(span),
    onEnd: () => {},
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}
