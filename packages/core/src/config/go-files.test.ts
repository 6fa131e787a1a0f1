/** Whole files as Go services of the lineage have them: they load, or the error names each line that has to change. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafka } from '@ebus/kafka';
import { memory } from '@ebus/memory';
import { nats } from '@ebus/nats';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError } from '../errors.js';
import { NoopMetricsCollector } from '../index.js';
import { definePlugin } from '../registry/plugin.js';
import { loadConfig } from './load-config.js';

const folder = await mkdtemp(join(tmpdir(), 'ebus-go-files-'));
afterAll(() => rm(folder, { recursive: true }));

const prometheus = definePlugin({
  kind: 'metrics',
  name: 'prometheus',
  config: z.looseObject({}),
  create: () => new NoopMetricsCollector(),
});
const plugins = [memory, nats, kafka, prometheus];

async function load(text: string, environment?: string) {
  const file = join(folder, 'config.yaml');
  await writeFile(file, text);
  return loadConfig(file, { plugins, env: {}, ...(environment === undefined ? {} : { environment }) });
}

const COMMON = `
  serviceName: order-service
  healthCheck:
    enabled: true
    publisher: { topic: "", interval: 2m, timeout: 10s, failureThreshold: 3, messageTTL: 5m }
    subscriber: { topic: "", monitorInterval: 30s, warningThreshold: 3, errorThreshold: 5, criticalThreshold: 10 }
  monitoring: { enabled: true, collectInterval: 30s, exportEndpoint: "" }
  publisher:
    maxReconnectAttempts: 5
    initialBackoff: 1s
    maxBackoff: 30s
    publishTimeout: 10s
    backlogDetection: { enabled: true, maxQueueDepth: 1000, maxPublishLatency: 5s, rateThreshold: 500, checkInterval: 30s }
    rateLimit: { enabled: true, ratePerSecond: 1000, burstSize: 100 }
    errorHandling: { deadLetterTopic: order-dlq, maxRetryAttempts: 3, retryBackoffBase: 1s, retryBackoffMax: 30s }
  subscriber:
    maxConcurrency: 10
    processTimeout: 30s
    backlogDetection: { enabled: true, maxLagThreshold: 10000, maxTimeThreshold: 5m0s, checkInterval: 1m0s }
    rateLimit: { enabled: false, ratePerSecond: 0.5, burstSize: 10 }
    errorHandling: { deadLetterTopic: "", maxRetryAttempts: 5, retryBackoffBase: 1s, retryBackoffMax: 30s }
`;
const KAFKA = `
  kafka:
    brokers: ["localhost:9092", "localhost:9093"]
    producer: { requiredAcks: 1, flushFrequency: 500ms, flushMessages: 100, timeout: 10s }
    consumer: { groupID: order-service, autoOffsetReset: earliest, sessionTimeout: 30s, heartbeatInterval: 3s }
`;
const NATS = `
  nats:
    urls: ["nats://localhost:4222"]
    clientId: order-service
    maxReconnects: 10
    reconnectWait: 2s
    connectionTimeout: 10s
    jetstream:
      enabled: true
      domain: ""
      apiPrefix: ""
      publishTimeout: 5s
      ackWait: 30s
      maxDeliver: 3
      stream:
        name: ORDERS
        subjects: ["orders.*"]
        retention: limits
        storage: file
        replicas: 1
        maxAge: 24h
        maxBytes: 104857600
        maxMsgs: 10000
        discard: old
      consumer:
        durableName: order-consumer
        deliverPolicy: all
        ackPolicy: explicit
        replayPolicy: instant
        maxAckPending: 100
        maxWaiting: 500
        maxDeliver: 3
    security: { enabled: false, token: "", username: "", password: "", nkeyFile: "", credFile: "", certFile: "", keyFile: "", caFile: "", skipVerify: false }
`;
const MEMORY = `
  memory: { maxChannelSize: 1000, bufferSize: 100 }
`;

describe('load unchanged', () => {
  it.each([
    ['a file for Kafka', `eventbus:\n  type: kafka${COMMON}${KAFKA}`],
    ['a file for NATS', `eventbus:\n  type: nats${COMMON}${NATS}`],
    ['a file in memory', `eventbus:\n  type: memory${COMMON}${MEMORY}`],
    [
      'a file with the sections of all transports',
      `eventbus:\n  type: nats${COMMON}${KAFKA}${NATS}${MEMORY}`,
    ],
    [
      'a file with other settings beside',
      `app: { port: 8080 }\neventbus:\n  type: memory${COMMON}\nlogger: { level: info }\n`,
    ],
    [
      'topics as a list, with the older names',
      `eventbus:\n  type: memory\n  serviceName: s\n  topics:\n    - { name: orders, persistenceMode: persistent, retentionTime: 168h, maxSize: 1073741824, maxMessages: 100000, replicas: 3, description: Orders }\n    - { name: notices, persistenceMode: ephemeral, retentionTime: 1h }\n`,
    ],
  ])('%s', async (_, text) => {
    await expect(load(text)).resolves.toMatchObject({ type: expect.any(String) });
  });
});

describe('name the lines that have to change', () => {
  const problemsOf = async (text: string) => {
    const error = await load(text).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems.map(({ path, message }) => `${path}: ${message}`);
  };

  it.each([
    [
      'security at the top, which applied to no transport',
      `eventbus:\n  type: kafka${COMMON}${KAFKA}\n  security: { enabled: true, protocol: SASL_SSL, username: app, password: hunter2 }\n`,
      ['security: belongs to the transport: move it into the section of kafka or nats, as kafka.security'],
    ],
    [
      'compression of the producer',
      `eventbus:\n  type: kafka\n  kafka: { brokers: ["b:1"], producer: { requiredAcks: 1, compression: snappy, idempotent: true } }\n`,
      [
        'kafka.producer.compression: is a setting of each topic: topics.<name>.compression',
        'kafka.producer.idempotent: follows requiredAcks: -1, the default, is idempotent',
      ],
    ],
    [
      'the pipeline of an older consumer',
      `eventbus:\n  type: kafka\n  kafka: { brokers: ["b:1"], consumer: { groupId: g, rebalanceStrategy: sticky, isolationLevel: read_committed } }\n`,
      [
        "kafka.consumer.isolationLevel: is set by kafka.librdkafka: { 'isolation.level': … }",
        'kafka.consumer.rebalanceStrategy: rebalancing is cooperative',
      ],
    ],
    [
      'nanoseconds',
      'eventbus:\n  type: memory\n  publisher: { publishTimeout: 10000000000 }\n',
      [expect.stringContaining('publisher.publishTimeout: 10000000000 has no unit')],
    ],
    [
      'an exporter of traces',
      'eventbus:\n  type: memory\n  tracing: { enabled: true, serviceName: s, endpoint: "http://jaeger:14268", sampleRate: 0.1 }\n',
      [
        expect.stringContaining('tracing.endpoint: is a'),
        expect.stringContaining('tracing.serviceName: is a matter of the OpenTelemetry SDK'),
      ],
    ],
  ])('%s', async (_, text, expected) => {
    const problems = await problemsOf(text);
    expect(problems.sort()).toEqual(expected);
    expect(problems.join()).not.toContain('hunter2');
  });
});
