/** NATS, broken in one way each: what the suite has to notice about crashes, outages, leases and errors. */
import {
  ConnectionError,
  type Driver,
  type DriverSubscription,
  EbusError,
  type SubscriptionSpec,
  type TransportPlugin,
} from '@ebus/core/driver';
import { nats } from '../../../nats/src/index.js';
import { replacing } from '../test-kit/replacing.js';

const specOf =
  (change: (spec: SubscriptionSpec) => Partial<SubscriptionSpec>) =>
  (driver: Driver): Driver =>
    replacing(driver, {
      subscribe: (spec, sink, options) => driver.subscribe({ ...spec, ...change(spec) }, sink, options),
    });

const subscriptionOf =
  (change: (subscription: DriverSubscription) => Partial<DriverSubscription>) =>
  (driver: Driver): Driver =>
    replacing(driver, {
      subscribe: async (...args) => {
        const subscription = await driver.subscribe(...args);
        return replacing(subscription, change(subscription));
      },
    });

const errorsOf =
  (change: (code: string) => { code?: 'PUBLISH_FAILED'; retryable?: boolean }) =>
  (driver: Driver): Driver => {
    const classify = (error: unknown) => {
      const known = driver.classify(error);
      return { ...known, ...change(known.code) };
    };
    /** What a driver has found a code for itself is not classified any more. */
    const told = (error: unknown) => {
      if (!EbusError.isInstance(error)) return error;
      const { code, retryable, message } = error;
      return new EbusError(message, { code, retryable, ...change(code), cause: error });
    };
    return replacing(driver, {
      classify,
      send: (record) => {
        const answer = driver.send(replacing(record, { failed: (error) => record.failed(told(error)) }));
        return answer instanceof Promise ? answer.catch((error) => Promise.reject(told(error))) : answer;
      },
    });
  };

export const breaks = {
  'acknowledges before the broker has answered': (driver: Driver): Driver =>
    replacing(driver, {
      send: (record) => {
        Promise.resolve(driver.send(replacing(record, { stored() {}, failed() {} }))).catch(() => {});
        return {};
      },
    }),
  'takes any reconnect for done': (driver: Driver): Driver =>
    replacing(driver, { reconnect: async () => {} }),
  'never renews a lease': subscriptionOf(() => ({ extendLease() {} })),
  'forgets the order that was asked for': specOf(() => ({ ordering: 'none' })),
  "begins with the newest, whatever the group's position is": specOf(({ group }) => ({
    group: `${group}-${Math.random().toString(36).slice(2)}`,
    from: 'latest',
  })),
  'calls every error retryable': errorsOf(() => ({ retryable: true })),
  'hides why it cannot connect': (driver: Driver): Driver => {
    const hide = () => {
      throw new ConnectionError('cannot connect');
    };
    return replacing(driver, {
      connect: (host, options) => driver.connect(replacing(host, { onState() {} }), options).catch(hide),
      reconnect: async (options) => driver.reconnect?.(options).catch(hide),
    });
  },
  'has one code for everything': errorsOf(() => ({ code: 'PUBLISH_FAILED' })),
  'does not tell that the connection is lost': (driver: Driver): Driver =>
    replacing(driver, {
      connect: (host, options) => driver.connect(replacing(host, { onState() {} }), options),
    }),
  'keeps a timer after it was closed': (driver: Driver): Driver => {
    setInterval(() => {}, 1_000);
    return driver;
  },
} satisfies Record<string, (driver: Driver) => Driver>;

export type Break = keyof typeof breaks;

export function brokenTransport(name: Break): TransportPlugin {
  return {
    ...(nats as unknown as TransportPlugin),
    create: async (config: never, context) => breaks[name](await nats.create(config, context)),
  };
}
