/** The adapter, broken on purpose: it declares its capabilities as before, and does not keep one of them. */
import type {
  DriverSubscription,
  IncomingMessage,
  SendRecord,
  Settlement,
  SubscriptionSink,
  SubscriptionSpec,
  TopicSpec,
  TransportPlugin,
} from '@ebus/core/driver';
import { postgres } from '../index.js';
import type { PostgresDriver } from '../postgres-driver.js';

export interface Fault {
  record?(record: SendRecord): SendRecord;
  received?(message: IncomingMessage): IncomingMessage;
  spec?(spec: SubscriptionSpec): SubscriptionSpec;
  settled?(done: readonly Settlement[]): readonly Settlement[];
  /** Further settings that topics are said to have. */
  settings?: readonly (keyof TopicSpec)[];
  subscription?: Partial<DriverSubscription>;
}

/** An object with some of its members replaced; the others keep working on the object itself. */
function replacing<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export function broken(fault: Fault): TransportPlugin {
  const { record = (one) => one, received = (one) => one, spec = (one) => one } = fault;
  const { settled = (done) => done, settings = [], subscription = {} } = fault;
  const breakSink = (sink: SubscriptionSink): SubscriptionSink =>
    replacing(sink, { push: (batch) => sink.push(batch.map(received)) });
  const breakSubscription = (own: DriverSubscription) =>
    replacing(own, { settle: (done) => own.settle(settled(done)), ...subscription });
  const breakDriver = (driver: PostgresDriver) =>
    replacing(driver, {
      send: (one) => driver.send(record(one)),
      sendBatch: (many) => driver.sendBatch(many.map(record)),
      subscribe: async (wanted, sink) =>
        breakSubscription(await driver.subscribe(spec(wanted), breakSink(sink))),
      admin: replacing(driver.admin, { supports: new Set([...driver.admin.supports, ...settings]) }),
    } as Partial<PostgresDriver>);
  return {
    ...postgres,
    create: async (config: never, context) =>
      breakDriver((await postgres.create(config, context)) as PostgresDriver),
  };
}

/** A record with another answer, or other contents. */
export function otherRecord(record: SendRecord, members: Partial<SendRecord>): SendRecord {
  return replacing(record, members);
}
