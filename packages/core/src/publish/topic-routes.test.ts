import { describe, expect, it, vi } from 'vitest';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { deferred } from '../util/promise.js';
import { TopicRoutes } from './topic-routes.js';

function routing(ready: () => Promise<void> | undefined = () => undefined) {
  const driver = new ScriptedDriver();
  const use = { ready: vi.fn(ready), missed: vi.fn() };
  const persistenceOf = vi.fn(() => 'persistent' as const);
  return { driver, use, persistenceOf, routes: new TopicRoutes({ driver, topics: { use, persistenceOf } }) };
}

describe('the routes of topics', () => {
  it('are worked out once for each, and ask for their topic once', () => {
    const { routes, use, persistenceOf } = routing();
    const route = routes.route('orders');
    expect([routes.route('orders'), routes.known('orders'), routes.known('others')]).toEqual([
      route,
      route,
      undefined,
    ]);
    expect([use.ready.mock.calls.length, persistenceOf.mock.calls.length]).toEqual([1, 1]);
  });

  it('hold publishes while their topic is looked for', async () => {
    const found = deferred();
    const { routes } = routing(() => found.promise);
    const route = routes.route('orders');
    expect(route.held).toBeDefined();
    found.resolve();
    await found.promise;
    expect(route.held).toBeUndefined();
  });

  it('look again at the next publish for a topic that could not be used', async () => {
    const { routes, use } = routing(() => Promise.reject(new Error('no')));
    const route = routes.route('orders');
    await new Promise((resolve) => setImmediate(resolve));
    expect([route.held, route.checked]).toEqual([undefined, false]);
    routes.route('orders');
    expect(use.ready).toHaveBeenCalledTimes(2);
  });

  it('tell of a topic that the broker missed before they look for it', () => {
    const { routes, use } = routing();
    routes.route('orders').missed();
    routes.route('orders');
    expect([use.missed.mock.calls, use.ready.mock.calls.length]).toEqual([[['orders']], 2]);
  });

  it('refuse names that ebus or the broker refuses', () => {
    const { routes, driver } = routing();
    expect(() => routes.route('no such name!')).toThrow(/invalid topic name/);
    Object.assign(driver, { validateTopic: () => JSON.parse('no') });
    expect(() => routes.route('orders')).toThrow(SyntaxError);
  });
});
