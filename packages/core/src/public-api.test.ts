import { describe, expect, expectTypeOf, it } from 'vitest';
import * as driver from './driver/index.js';
import * as core from './index.js';

describe('the public API', () => {
  it('is this list of values', () => {
    expect(Object.keys(core).sort()).toMatchInlineSnapshot(`
      [
        "AlreadySubscribedError",
        "BusClosedError",
        "ConfigError",
        "ConnectionError",
        "ERROR_CODES",
        "EbusError",
        "EnvelopeError",
        "InMemoryMetricsCollector",
        "KeyedPool",
        "KeyedPoolFullError",
        "MessageHeaders",
        "NoopMetricsCollector",
        "PermanentError",
        "PluginError",
        "ProcessingTimeoutError",
        "PublishError",
        "PublishTimeoutError",
        "Registry",
        "TopicApplyError",
        "TopicBuilder",
        "TopicGovernance",
        "TopicMismatchError",
        "TopicNameError",
        "TopicTemplates",
        "UnsupportedError",
        "closeGlobal",
        "closeOnSignals",
        "configJsonSchema",
        "createEnvelope",
        "createEventBus",
        "decodeEnvelope",
        "defaultRegistry",
        "defineEvents",
        "definePlugin",
        "encodeEnvelope",
        "extractAggregateId",
        "fnv1a32",
        "formatDuration",
        "getGlobal",
        "highThroughputTopic",
        "initializeGlobal",
        "isValidTopicName",
        "jsonCodec",
        "lineageCodec",
        "loadConfig",
        "lowThroughputTopic",
        "mediumThroughputTopic",
        "parseConfig",
        "parseDuration",
        "parseSize",
        "routeByEventType",
        "systemClock",
        "topic",
        "validateEnvelope",
        "validateTopicName",
      ]
    `);
  });

  it('shares its classes with the entry for adapters', () => {
    for (const [name, value] of Object.entries(driver)) {
      if (name in core) expect(value).toBe((core as Record<string, unknown>)[name]);
    }
    expect(driver.EbusError).toBe(core.EbusError);
  });
});

describe('its types', () => {
  it('refuse an envelope in publish, and take any other object', () => {
    const bus = {} as core.EventBus;
    interface Invoice {
      total: number;
    }
    const calls = (envelope: core.Envelope, input: core.EnvelopeInput, invoice: Invoice) => {
      // @ts-expect-error an envelope goes to publishEnvelope
      void bus.publish('orders', envelope);
      // @ts-expect-error an envelope goes to publishEnvelope
      void bus.publish('orders', input);
      // @ts-expect-error a number is no message
      void bus.publish('orders', 42);
      void bus.publish('orders', invoice);
      void bus.publish('orders', { total: 1, lines: [] });
      void bus.publish('orders', [1, 2]);
    };
    expectTypeOf(calls).toBeFunction();
  });

  it('infer the payload of handlers from a schema, and of routes from their handlers', () => {
    const bus = {} as core.EventBus;
    const schema = {} as core.StandardSchemaV1<unknown, { total: number }>;
    const calls = () => {
      void bus.subscribeEnvelope(
        'orders',
        ({ payload }) => void expectTypeOf(payload).toEqualTypeOf<{ total: number }>(),
        {
          schema,
        },
      );
      void bus.subscribeEnvelope('orders', ({ payload }) => void expectTypeOf(payload).toBeUnknown());
      void bus.subscribeEnvelope('orders', (envelope: core.Envelope<{ id: string }>) => {
        expectTypeOf(envelope.payload.id).toBeString();
      });
      void bus.subscribeEnvelope(
        'orders',
        core.routeByEventType({
          OrderCreated: (_: core.Envelope<{ total: number }>) => {},
          OrderPaid: async (_: core.Envelope<{ paidAt: string }>) => {},
        }),
      );
    };
    expectTypeOf(calls).toBeFunction();
  });

  it('narrow results by ok, and errors by isInstance', () => {
    const look = (result: core.PublishResult, error: unknown) => {
      if (result.ok) expectTypeOf(result.receipt).toEqualTypeOf<core.PublishReceipt>();
      else expectTypeOf(result.error).toEqualTypeOf<core.EbusError>();
      if (core.ConfigError.isInstance(error)) expectTypeOf(error).toEqualTypeOf<core.ConfigError>();
    };
    expectTypeOf(look).toBeFunction();
    expectTypeOf<core.Duration>().toExtend<number | string>();
    expectTypeOf<'1h30m'>().toExtend<core.Duration>();
    expectTypeOf<'soon'>().not.toExtend<core.Duration>();
  });
});

describe('the types of topics', () => {
  it('say what options, outcomes and errors hold', () => {
    expectTypeOf<core.EventBus['topics']>().toEqualTypeOf<core.TopicManager>();
    expectTypeOf<core.TopicManager['configure']>().returns.toEqualTypeOf<Promise<core.TopicOutcome>>();
    expectTypeOf<core.TopicManager['apply']>().returns.toEqualTypeOf<Promise<core.TopicOutcome[]>>();
    expectTypeOf<core.TopicManager['watch']>().returns.toEqualTypeOf<Promise<core.TopicsWatch>>();
    expectTypeOf<core.TopicsWatch>().toExtend<AsyncDisposable>();
    expectTypeOf<core.TopicOutcome['action']>().toEqualTypeOf<
      'created' | 'changed' | 'left' | 'mismatched'
    >();
    expectTypeOf<core.TopicApplyError['failures'][number]['error']>().toEqualTypeOf<core.EbusError>();
    expectTypeOf<{ retention: '1h30m'; maxSize: '1GB'; maxMessages: -1 }>().toExtend<core.TopicOptions>();
    expectTypeOf<{ retention: 'soon' }>().not.toExtend<core.TopicOptions>();
    expectTypeOf(core.highThroughputTopic).returns.toEqualTypeOf<core.TopicOptions>();
  });

  it('build on anything that has topics', () => {
    const builder = new core.TopicBuilder('orders');
    expectTypeOf(builder.withPartitions).returns.toEqualTypeOf<core.TopicBuilder>();
    expectTypeOf(builder.usePreset).parameter(0).toEqualTypeOf<core.TopicOptions>();
    const calls = (bus: core.EventBus, topics: Pick<core.TopicManager, 'configure'>) => {
      void builder.build(bus);
      void builder.build({ topics });
      // @ts-expect-error no such algorithm
      builder.withCompression('brotli');
      // @ts-expect-error no such rule
      new core.TopicGovernance([{ pattern: '**', minReplica: 2 }]);
      // @ts-expect-error no such option
      new core.TopicTemplates({ '**': { partition: 2 } });
    };
    expectTypeOf(calls).toBeFunction();
    expectTypeOf<core.CreateEventBusOptions['governance']>().toEqualTypeOf<
      core.TopicGovernance | undefined
    >();
  });
});
