/** Which subscriptions the decorated methods of an application make. Pure. */
import { ConfigError, type EnvelopeHandler, type MessageHandler, routeByEventType } from '@ebus/core';
import type { HandlerMetadata, OnEventOptions } from './on-event.js';

/** A decorated method, bound to its instance. */
export interface Found extends HandlerMetadata {
  /** `OrdersService.onPaid`, for errors. */
  readonly name: string;
  readonly handle: (...args: never[]) => unknown;
}

/** One subscription to make. */
export type Planned =
  | {
      readonly kind: 'envelope';
      readonly topic: string;
      readonly handler: EnvelopeHandler<unknown>;
      readonly options: Omit<OnEventOptions, 'eventType'>;
    }
  | {
      readonly kind: 'message';
      readonly topic: string;
      readonly handler: MessageHandler;
      readonly options: Omit<OnEventOptions, 'eventType'>;
    };

/**
 * One subscription for each topic and group: several would break the order of an aggregate's events.
 * @throws ConfigError where methods of one topic and group do not fit together
 */
export function planOf(found: readonly Found[]): Planned[] {
  const groups = new Map<string, Found[]>();
  for (const one of found) {
    const id = JSON.stringify([one.topic, one.options.group ?? '']);
    groups.set(id, [...(groups.get(id) ?? []), one]);
  }
  return [...groups.values()].map(plannedOf);
}

function plannedOf(found: readonly Found[]): Planned {
  const [first] = found as [Found];
  const { eventType, ...options } = first.options;
  const { topic, kind } = first;
  if (found.length === 1 && eventType === undefined) {
    return { kind, topic, options, handler: first.handle as never } as Planned;
  }
  const routes: Record<string, EnvelopeHandler<unknown>> = {};
  for (const one of found) {
    const type = one.options.eventType;
    if (type === undefined || one.kind === 'message') {
      throw refused(
        found,
        'only methods that name an eventType share a topic and group; give one of them a group of its own',
      );
    }
    if (Object.hasOwn(routes, type)) throw refused(found, `two of them handle '${type}'`);
    routes[type] = one.handle as EnvelopeHandler<unknown>;
  }
  const shared = sharedOptions(found);
  return { kind: 'envelope', topic, options: shared, handler: routeByEventType(routes) };
}

/** Options may stand at any of the methods, but only once or the same. */
function sharedOptions(found: readonly Found[]): Omit<OnEventOptions, 'eventType'> {
  const shared: Record<string, unknown> = {};
  for (const { options } of found) {
    const { eventType: _, ...others } = options;
    for (const [key, value] of Object.entries(others)) {
      if (key === 'schema')
        throw refused(found, 'a schema is for all events of a subscription; check payloads in the methods');
      if (Object.hasOwn(shared, key) && JSON.stringify(shared[key]) !== JSON.stringify(value)) {
        throw refused(found, `they differ in '${key}'`);
      }
      shared[key] = value;
    }
  }
  return shared;
}

function refused(found: readonly Found[], why: string): ConfigError {
  const names = found.map(({ name }) => name).join(', ');
  return new ConfigError(`${names} share the subscription to '${found[0]?.topic}': ${why}`);
}
