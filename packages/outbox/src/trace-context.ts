/** Carries the trace context from the transaction to the publish, where the application has `@opentelemetry/api`. */
import { findHeader, type HeaderList, headerText } from '@ebus/core/driver';
import type * as Api from '@opentelemetry/api';
import type { ClaimedEvent } from './event/outbox-event.js';

let loaded: Promise<typeof Api | undefined> | undefined;

function load(): Promise<typeof Api | undefined> {
  loaded ??= import('@opentelemetry/api').catch((error: unknown) => {
    const code = (error as { code?: unknown }).code;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  });
  return loaded;
}

interface ActiveTrace {
  readonly traceId: string | undefined;
  readonly headers: HeaderList;
}

const NONE: ActiveTrace = { traceId: undefined, headers: [] };

/** The context that is active where this is called, as headers. */
export function activeTrace(): Promise<ActiveTrace> {
  // Asked for before the first await, although the context would survive it.
  return load().then((api) => (api === undefined ? NONE : capture(api)));
}

function capture({ context, isSpanContextValid, propagation, trace }: typeof Api): ActiveTrace {
  const headers: [string, string][] = [];
  propagation.inject(context.active(), headers, {
    set: (carrier, name, value) => void carrier.push([name.toLowerCase(), value]),
  });
  const span = trace.getSpanContext(context.active());
  return { traceId: span !== undefined && isSpanContextValid(span) ? span.traceId : undefined, headers };
}

type Traced = Pick<ClaimedEvent, 'topic' | 'envelope' | 'headers' | 'attempts'>;

/**
 * Runs a publish with the context that the event was saved in, and nothing of the one that is active now. `spans`: within a span
 * of the relay, in the event's trace and linked to the span that is active now.
 */
export async function withinTrace<T>(event: Traced, spans: boolean, publish: () => Promise<T>): Promise<T> {
  const api = await load();
  if (api === undefined) return publish();
  const { context, trace, SpanStatusCode } = api;
  const saved = extracted(api, event.headers ?? []);
  const span = spans ? startSpan(api, event, saved) : undefined;
  if (span === undefined) return context.with(saved, publish);
  try {
    return await context.with(trace.setSpan(saved, span), publish);
  } catch (error) {
    const { code } = error as { code?: unknown };
    span.setAttribute('error.type', typeof code === 'string' ? code : '_OTHER');
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    harmlessly(() => span.end());
  }
}

function startSpan(
  { context, trace, SpanKind }: typeof Api,
  { topic, envelope, attempts }: Traced,
  saved: Api.Context,
): Api.Span | undefined {
  const relay = trace.getSpanContext(context.active());
  const attributes = {
    'messaging.destination.name': topic,
    'messaging.message.id': envelope.eventId,
    'ebus.attempt': attempts + 1,
  };
  const links = relay === undefined ? [] : [{ context: relay }];
  const options = { kind: SpanKind.INTERNAL, links, attributes };
  return harmlessly(() => trace.getTracer('@ebus/outbox').startSpan(`relay ${topic}`, options, saved));
}

/** Headers that make no sense hold no context. */
function extracted({ propagation, ROOT_CONTEXT }: typeof Api, headers: HeaderList): Api.Context {
  const getter: Api.TextMapGetter<HeaderList> = {
    keys: (list) => list.map(([name]) => name),
    get: (list, name) => {
      const value = findHeader(list, name);
      return value === undefined ? undefined : headerText(value);
    },
  };
  return harmlessly(() => propagation.extract(ROOT_CONTEXT, headers, getter)) ?? ROOT_CONTEXT;
}

/** An SDK that throws must not make another outcome of a publish. */
function harmlessly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
