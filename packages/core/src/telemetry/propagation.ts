/** The trace context in message headers, by the application's own propagator (W3C Trace Context and Baggage by default). */
import type * as Api from '@opentelemetry/api';
import { findHeader, type HeaderList, type HeaderValue, headerText } from '../headers.js';

type Carrier = [name: string, value: HeaderValue][];

const setter: Api.TextMapSetter<Carrier> = {
  set: (carrier, name, value) => void carrier.push([name.toLowerCase(), value]),
};

const getter: Api.TextMapGetter<HeaderList> = {
  keys: (headers) => headers.map(([name]) => name),
  get: (headers, name) => {
    const value = findHeader(headers, name);
    return value === undefined ? undefined : headerText(value);
  },
};

/** The headers with the context in the place of an older one. A propagator that throws leaves them as they are. */
export function injected(
  { propagation }: Pick<typeof Api, 'propagation'>,
  context: Api.Context,
  headers: HeaderList,
): HeaderList {
  const carrier: Carrier = [];
  try {
    propagation.inject(context, carrier, setter);
  } catch {
    return headers;
  }
  if (carrier.length === 0) return headers;
  const names = new Set(carrier.map(([name]) => name));
  return [...headers.filter(([name]) => !names.has(name.toLowerCase())), ...carrier];
}

/** The context that the headers hold, and nothing of the one that is active now. Headers that make no sense hold none. */
export function extracted(
  { propagation, ROOT_CONTEXT }: Pick<typeof Api, 'propagation' | 'ROOT_CONTEXT'>,
  headers: HeaderList,
  { baggage }: { baggage: boolean },
): Api.Context {
  if (headers.length === 0) return ROOT_CONTEXT;
  try {
    const context = propagation.extract(ROOT_CONTEXT, headers, getter);
    return baggage ? context : propagation.deleteBaggage(context);
  } catch {
    return ROOT_CONTEXT;
  }
}
