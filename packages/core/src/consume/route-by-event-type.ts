/** One subscription, one handler per event type. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Envelope } from '../envelope/envelope.js';
import { isStandardSchema } from '../envelope/payload-schema.js';
import { ConfigError, PermanentError } from '../errors.js';
import type { HandlerContext } from '../pipeline/context.js';
import { describeValue } from '../util/describe-value.js';
import { func, type OptionKind, oneOf, or } from '../util/option-kinds.js';
import { checkOptions, type OptionTable, optionTable } from '../util/options.js';
import { shown } from '../util/shown.js';
import { withSchema } from './invoke.js';
import type { EnvelopeHandler } from './types.js';

/** Types that are remembered, so that each is logged once. */
const MAX_NOTED = 1_000;

/** How events of one type are handled: by a handler, which is given the schema's output. */
export type EventRoute<P> =
  | EnvelopeHandler<P>
  | { readonly schema: StandardSchemaV1<unknown, P>; readonly handler: EnvelopeHandler<P> };

/** Where events without a handler of their own go. */
export interface RouteOptions {
  /**
   * The action for events of other types. Default `ignore`: they are settled unhandled, and each such type is logged
   * once (as a warning, or for information where `ignore` was given).
   */
  otherwise?: 'ignore' | 'dead-letter' | EnvelopeHandler;
}

/** The option as it is checked. */
export const OTHERWISE: OptionKind = or(oneOf('ignore', 'dead-letter'), func);
/** The options of `routeByEventType`, as they are checked. */
export const ROUTE_OPTIONS: OptionTable = optionTable<RouteOptions>({ otherwise: OTHERWISE });

/**
 * A handler for `subscribeEnvelope` that picks by `eventType`: `{ OrderPlaced: handler }`, or with a Standard Schema for
 * the payload, whose type the handler then gets, `{ OrderPlaced: { schema, handler } }`. Order per aggregate holds across
 * the types, since they share the subscription. `dead-letter` fails events of other types permanently, so the
 * subscription's policy applies; so does a payload that its schema refuses.
 * @throws ConfigError for a value that is no handler, and for unknown options
 */
export function routeByEventType<Payloads extends object>(
  routes: { readonly [Type in keyof Payloads]: EventRoute<Payloads[Type]> },
  options: RouteOptions = {},
): EnvelopeHandler<Payloads[keyof Payloads]> {
  checkOptions('routeByEventType', options, ROUTE_OPTIONS);
  return routed(handlersOf(routes), options.otherwise, 'no handler in routeByEventType');
}

/** Picks the handler by the event's type; `lack` says what an event of another type has not. */
export function routed<P>(
  handlers: ReadonlyMap<string, EnvelopeHandler<P>>,
  otherwise: RouteOptions['otherwise'],
  lack: string,
): EnvelopeHandler<P> {
  const noted = new Set<string>();
  return (envelope, context) => {
    const handler = handlers.get(envelope.eventType);
    if (handler !== undefined) return handler(envelope, context);
    if (typeof otherwise === 'function') return otherwise(envelope, context);
    if (otherwise !== 'dead-letter') return noteOnce({ noted, otherwise, lack }, envelope, context);
    const known = [...handlers.keys()].join(', ');
    throw new PermanentError(`no handler for event type '${shown(envelope.eventType)}'; known: ${known}`);
  };
}

function handlersOf(routes: object): Map<string, EnvelopeHandler> {
  if (typeof routes !== 'object' || routes === null) {
    throw new ConfigError(
      `routeByEventType: give handlers by event type, { OrderPlaced: handler }, got ${describeValue(routes)}`,
    );
  }
  return new Map(Object.entries(routes).map(([type, route]) => [type, handlerOf(type, route)]));
}

function handlerOf(type: string, route: unknown): EnvelopeHandler {
  if (typeof route === 'function') return route as EnvelopeHandler;
  const { schema, handler } = (route ?? {}) as Partial<Exclude<EventRoute<unknown>, EnvelopeHandler>>;
  if (typeof handler === 'function' && isStandardSchema(schema)) {
    return withSchema(schema, handler);
  }
  throw new ConfigError(
    `routeByEventType: '${shown(type)}' needs a handler, or { schema, handler } with a Standard Schema (as zod, valibot ` +
      `and arktype make them), got ${describeValue(route)}`,
  );
}

interface Noting {
  readonly noted: Set<string>;
  readonly otherwise: 'ignore' | undefined;
  readonly lack: string;
}

function noteOnce(
  { noted, otherwise, lack }: Noting,
  { eventType }: Envelope,
  { logger }: HandlerContext,
): void {
  if (noted.has(eventType) || noted.size >= MAX_NOTED) return;
  noted.add(eventType);
  const text = `events of type '${shown(eventType)}' have ${lack} and are ignored`;
  if (otherwise === 'ignore') logger.info({}, text);
  else logger.warn({}, `${text}; with otherwise: 'ignore' this is no warning`);
}
