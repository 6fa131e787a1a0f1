/** The four client metrics of OpenTelemetry's messaging conventions, where the application has a meter provider. */
import type * as Api from '@opentelemetry/api';
import * as name from './semantic-conventions.js';
import type { OperationType, SpanAttributes } from './span-attributes.js';

/** Upper bounds in seconds, as the conventions advise. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

interface Instruments {
  readonly operationDuration: Api.Histogram;
  readonly sent: Api.Counter;
  readonly consumed: Api.Counter;
  readonly processDuration: Api.Histogram;
}

/** Records the metrics. Without a meter provider nothing is recorded. */
export class ClientMetrics {
  readonly #api: typeof Api;
  readonly #common: Pick<SpanAttributes, 'common'>;
  #provider: Api.MeterProvider | undefined;
  #instruments: Instruments | undefined;

  constructor(api: typeof Api, common: Pick<SpanAttributes, 'common'>) {
    this.#api = api;
    this.#common = common;
  }

  /** An SDK may be registered after the bus was created, so this is asked anew. */
  get active(): boolean {
    const provider = this.#api.metrics.getMeterProvider();
    if (provider !== this.#provider) {
      this.#provider = provider;
      this.#instruments = this.#make(provider);
    }
    return this.#instruments !== undefined;
  }

  /** A publish has ended; `errorType` where it failed. `operation`: the name of it. */
  sent(operation: string, topic: string, seconds: number, errorType: string | undefined): void {
    const attributes = this.#attributes(operation, 'send', topic, errorType);
    this.#instruments?.operationDuration.record(seconds, attributes);
    this.#instruments?.sent.add(1, attributes);
  }

  /** An attempt has ended; a message counts as consumed with its first one. */
  processed(
    topic: string,
    { group, attempt }: { readonly group: string; readonly attempt: number },
    seconds: number,
    errorType: string | undefined,
  ): void {
    const attributes = this.#attributes('process', 'process', topic, errorType);
    attributes[name.CONSUMER_GROUP] = group;
    this.#instruments?.processDuration.record(seconds, attributes);
    if (attempt === 1) this.#instruments?.consumed.add(1, attributes);
  }

  #attributes(operation: string, type: OperationType, topic: string, errorType: string | undefined) {
    const attributes = this.#common.common(operation, type, topic);
    if (errorType !== undefined) attributes[name.ERROR_TYPE] = errorType;
    return attributes;
  }

  /** Undefined where the provider is the one that the API has by itself, which does nothing. */
  #make(provider: Api.MeterProvider): Instruments | undefined {
    const meter = provider.getMeter('@ebus/core');
    if (meter === this.#api.createNoopMeter()) return undefined;
    const advice = { explicitBucketBoundaries: BUCKETS };
    return {
      operationDuration: meter.createHistogram(name.OPERATION_DURATION, {
        description: 'Duration of a publish, from the call to its outcome.',
        unit: 's',
        advice,
      }),
      sent: meter.createCounter(name.SENT_MESSAGES, {
        description: 'Messages that a publish was tried for.',
        unit: '{message}',
      }),
      consumed: meter.createCounter(name.CONSUMED_MESSAGES, {
        description: 'Messages that were handed to a handler.',
        unit: '{message}',
      }),
      processDuration: meter.createHistogram(name.PROCESS_DURATION, {
        description: 'Duration of one attempt to handle a message.',
        unit: 's',
        advice,
      }),
    };
  }
}
