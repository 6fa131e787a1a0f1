/** The OpenTelemetry SDK of this program. In a service of your own, `@opentelemetry/sdk-node` does the same. */
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

export interface Sdk {
  /** Where spans are exported to, if anywhere. */
  readonly endpoint: string | undefined;
  ended(): readonly ReadableSpan[];
  /** Exports the remaining spans. */
  shutdown(): Promise<void>;
}

/** Registers the SDK. Spans are kept for the terminal, and exported where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector. */
export function startSdk(): Sdk {
  const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const kept = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'ebus-tracing-demo' }),
    spanProcessors: [
      new SimpleSpanProcessor(kept),
      // The exporter reads the variable itself.
      ...(endpoint === undefined ? [] : [new BatchSpanProcessor(new OTLPTraceExporter())]),
    ],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return {
    endpoint,
    ended: () => kept.getFinishedSpans(),
    shutdown: async () => {
      await provider.forceFlush();
      await provider.shutdown();
    },
  };
}
