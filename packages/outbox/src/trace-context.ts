/** Carries the trace context from the transaction to the publish, where the application has `@opentelemetry/api`. */
import { findHeader, type HeaderList, headerText } from '@ebus/core/driver';
import type * as Api from '@opentelemetry/api';

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

/** Runs `work` with the context that the headers hold, and nothing of the one that is active now. */
export async function withinTrace<T>(headers: HeaderList, work: () => Promise<T>): Promise<T> {
  const api = await load();
  if (api === undefined) return work();
  const saved = api.propagation.extract(api.ROOT_CONTEXT, headers, {
    keys: (list) => list.map(([name]) => name),
    get: (list, name) => {
      const value = findHeader(list, name);
      return value === undefined ? undefined : headerText(value);
    },
  });
  return api.context.with(saved, work);
}
