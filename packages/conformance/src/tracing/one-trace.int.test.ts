/** The same trace on brokers, and producers that know nothing of ebus. */
import { createEventBus, type EventBusConfig } from '@ebus/core';
import type { TransportPlugin } from '@ebus/core/driver';
import { kafka } from '@ebus/kafka';
import { nats } from '@ebus/nats';
import { sharedService } from '@ebus/services';
import { context, propagation, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { plainKafka } from '../../../kafka/src/testing/harness.js';
import { plainClient, plainHeaders } from '../../../nats/src/testing/harness.js';
import { eventually } from '../test-kit/eventually.js';
import { uniqueName } from '../test-kit/unique-name.js';
import { expectOneTrace } from '../testing/one-trace.js';
import { recordSpans } from '../testing/recorded-spans.js';

const TIMEOUT_MS = 120_000;
const [natsServer, kafkaServer] = await Promise.all([sharedService('nats'), sharedService('kafka')]);
const onNats: EventBusConfig = { type: 'nats', nats: { urls: [...natsServer.addresses] } };
const onKafka: EventBusConfig = { type: 'kafka', kafka: { brokers: [...kafkaServer.addresses] } };

it('from publish to redrive it is one trace on NATS', { timeout: TIMEOUT_MS }, () =>
  expectOneTrace(onNats, nats),
);

it('from publish to redrive it is one trace on Kafka', { timeout: TIMEOUT_MS }, () =>
  expectOneTrace(onKafka, kafka),
);

describe('a producer that is instrumented by others', () => {
  /** Sends with the headers that an instrumentation injects, and expects the handler in the producer's trace. */
  async function continues(
    config: EventBusConfig,
    transport: TransportPlugin,
    send: (topic: string, headers: Record<string, string>) => Promise<unknown>,
  ): Promise<void> {
    const spans = recordSpans();
    const topic = uniqueName('foreign');
    await using bus = await createEventBus({ ...config, serviceName: topic } as EventBusConfig, {
      plugins: [transport],
    });
    try {
      await bus.subscribe(topic, () => {});
      const producer = await trace.getTracer('theirs').startActiveSpan('publish', async (span) => {
        const headers: Record<string, string> = {};
        propagation.inject(context.active(), headers);
        await send(topic, headers);
        span.end();
        return span.spanContext();
      });
      const handled = () => spans.ended().find(({ name }) => name === `process ${topic}`);
      await eventually(60_000, () => handled() !== undefined, 'the message');
      expect(handled()?.parentSpanContext).toMatchObject({
        traceId: producer.traceId,
        spanId: producer.spanId,
      });
      expect(handled()?.attributes).toMatchObject({
        'messaging.system.name': config.type,
        'server.address': '127.0.0.1',
        'server.port': expect.any(Number),
      });
    } finally {
      spans.unregister();
    }
  }

  it('has its trace continued: kafkajs', { timeout: TIMEOUT_MS }, () =>
    continues(onKafka, kafka, async (topic, headers) => {
      const producer = plainKafka(kafkaServer.addresses).producer();
      await producer.connect();
      await producer.send({ topic, messages: [{ value: 'x', headers }] });
      await producer.disconnect();
    }),
  );

  it('has its trace continued: nats.js', { timeout: TIMEOUT_MS }, () =>
    continues(onNats, nats, async (topic, headers) => {
      const { connection } = await plainClient(natsServer.addresses);
      connection.publish(topic, 'x', { headers: plainHeaders(headers) });
      await connection.drain();
    }),
  );
});
