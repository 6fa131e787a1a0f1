import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createEnvelope } from '../envelope/envelope.js';
import { ConfigError, EnvelopeError, PermanentError } from '../errors.js';
import type { HandlerContext } from '../pipeline/context.js';
import { isPermanent } from './invoke.js';
import { type RouteOptions, routeByEventType } from './route-by-event-type.js';
import type { EnvelopeHandler } from './types.js';

/** Handles events of any type, as a subscription does. */
const routed = (routes: object, options?: RouteOptions) =>
  routeByEventType(routes, options) as EnvelopeHandler;

const event = (eventType: string, payload: unknown = {}) =>
  createEnvelope({ aggregateId: 'a', eventType, eventVersion: 1, payload });

function contextWithLog(): {
  context: HandlerContext;
  warn: ReturnType<typeof vi.fn>;
  info: ReturnType<typeof vi.fn>;
} {
  const [warn, info] = [vi.fn(), vi.fn()];
  return {
    context: { logger: { debug() {}, info, warn, error() {} } } as unknown as HandlerContext,
    warn,
    info,
  };
}

describe('routeByEventType', () => {
  it('calls the handler of the type, and returns what that returns', () => {
    const { context } = contextWithLog();
    const route = routed({ Placed: ({ payload }: { payload: unknown }) => payload, Paid: () => 'paid' });
    expect(route(event('Placed', 7), context)).toBe(7);
    expect(route(event('Paid'), context)).toBe('paid');
    expect(route(event('constructor'), context)).toBeUndefined();
  });

  it('validates by the schema of the type, for good', async () => {
    const { context } = contextWithLog();
    const seen = vi.fn();
    const schema = z.object({ total: z.coerce.number() });
    const later = {
      '~standard': {
        ...schema['~standard'],
        validate: async (value: unknown) => schema['~standard'].validate(value),
      },
    };
    const route = routed({
      Now: { schema, handler: seen },
      Later: { schema: later, handler: seen },
    });
    await route(event('Now', { total: '3' }), context);
    await route(event('Later', { total: '4' }), context);
    expect(seen.mock.calls.map(([{ payload }]) => payload)).toEqual([{ total: 3 }, { total: 4 }]);
    for (const type of ['Now', 'Later']) {
      const refused = async () => route(event(type, { total: 'x' }), context);
      const error = await refused().catch((cause: unknown) => cause);
      expect(EnvelopeError.isInstance(error)).toBe(true);
      expect((error as Error).message).toMatch(/^invalid envelope: payload\.total: /);
      expect(isPermanent(error)).toBe(true);
    }
  });

  it('logs each unknown type once', () => {
    const { context, warn, info } = contextWithLog();
    const route = routed({});
    for (const type of ['A', 'B\u202e', 'A', 'B\u202e']) route(event(type), context);
    expect(warn.mock.calls.map(([, text]) => text)).toEqual([
      expect.stringContaining("'A' have no handler"),
      expect.stringContaining("'B\\u202e' have no handler"),
    ]);
    routed({}, { otherwise: 'ignore' })(event('A'), context);
    expect(warn).toHaveBeenCalledTimes(2);
    expect(info).toHaveBeenCalledOnce();
    // Strangers choose types: what is remembered of them is bounded.
    for (let type = 0; type < 2_000; type++) route(event(`T${type}`), context);
    expect(warn.mock.calls.length).toBe(1_000);
  });

  it('fails other types for good where that is wanted, or hands them to another handler', () => {
    const { context, warn } = contextWithLog();
    const dead = routed({ A: () => {} }, { otherwise: 'dead-letter' });
    expect(() => dead(event('B'), context)).toThrow(PermanentError);
    expect(() => dead(event('B'), context)).toThrow("no handler for event type 'B'; known: A");
    const other = routed({}, { otherwise: ({ eventType }) => eventType });
    expect(other(event('B'), context)).toBe('B');
    expect(warn).not.toHaveBeenCalled();
  });

  it.each<[unknown, unknown, string]>([
    [{ Placed: 'save' }, undefined, "'Placed' needs a handler"],
    [{ Placed: undefined }, undefined, "'Placed' needs a handler"],
    [{ Placed: { schema: { total: 'number' }, handler() {} } }, undefined, "'Placed' needs a handler"],
    [{ Placed: { schema: z.object({}) } }, undefined, "'Placed' needs a handler"],
    [undefined, undefined, 'give handlers by event type'],
    [{}, { otherwise: 'deadletter' }, "otherwise must be 'ignore'"],
    [{}, { otherwize: 'ignore' }, "did you mean 'otherwise'?"],
  ])('refuses %j with options %j', (routes, options, message) => {
    const make = () => routeByEventType(routes as never, options as never);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
    expect(make).toThrow(/^routeByEventType: /);
  });
});
