// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of configurations look like that
import { memory } from '@ebus/memory';
import { nats } from '@ebus/nats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { Registry } from '../registry/registry.js';
import { configJsonSchema } from './json-schema.js';

/** `strictTypes` and the like are about style; the rest of strict mode finds mistakes. */
const options = { strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true } as const;
const accepts = new Ajv2020(options).compile(await configJsonSchema({ plugins: [memory, nats] }));

describe('the JSON Schema', () => {
  it.each([
    { type: 'memory' },
    { eventbus: { type: 'memory', memory: { bufferSize: 5 } }, database: { url: 'x' } },
    { type: 'nats', nats: { urls: ['nats://a'], jetstream: { ackWait: '1m', stream: { maxBytes: '1GB' } } } },
    {
      type: '${TYPE:-memory}',
      publisher: { maxInFlight: '${N}', publishTimeout: '1h30m' },
      tracing: { enabled: '${T}' },
    },
    { monitoring: { enabled: true }, topics: [{ name: 'a', persistenceMode: 'auto', retentionTime: 500 }] },
    {
      topics: { a: { retention: '7d', maxSize: '1.5GB' } },
      kafka: { anything: true },
      healthHttp: { port: 1 },
    },
    { environments: { test: { type: 'memory', topics: {} }, tiny: { orders: { replicas: 3 } } } },
  ])('accepts %j', (config) => {
    expect(accepts(config), JSON.stringify(accepts.errors)).toBe(true);
  });

  it.each([
    { tpye: 'memory' },
    { eventbus: { publsher: {} } },
    { publisher: { maxInFlight: 'many' } },
    { publisher: { publishTimeout: 'soon' } },
    { connect: 'later' },
    { nats: { jetstream: { consumer: { backOff: [1] } } } },
    { nats: { jetstream: { consumer: { groupID: 'x' } } } },
    { memory: { brokers: 'x' } },
    { topics: { a: { retension: '7d' } } },
    { topics: [{ replicas: 3 }] },
  ])('refuses %j', (config) => {
    expect(accepts(config)).toBe(false);
  });

  it('is the one that is shipped (run vitest -u to write it)', async () => {
    const schema = `${JSON.stringify(await configJsonSchema({ registry: new Registry() }), null, 2)}\n`;
    await expect(schema).toMatchFileSnapshot('../../schema/eventbus.schema.json');
  });
});
