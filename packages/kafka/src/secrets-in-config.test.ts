import { ConfigError, parseConfig } from '@ebus/core';
import { expect, it } from 'vitest';
import { kafka } from './index.js';

const SECRET = 'S3cr3tT0kenXYZ';

it.each([
  { brokers: [`a:9092?token=${SECRET}`] },
  { brokers: [`${SECRET}@a:9092`] },
  { brokers: ['a:9092'], security: { enabled: true, caFile: `-----BEGIN CERTIFICATE-----\n${SECRET}` } },
])(
  'a secret in an address, and the content of a file in place of its name, are refused and not shown: %j',
  async (part) => {
    let error: unknown;
    try {
      await parseConfig({ type: 'kafka', serviceName: 's', kafka: part }, { plugins: [kafka] });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    const { message, problems } = error as ConfigError;
    expect(message).toMatch(/must be like 'host:9092'|looks like the content of a file/);
    expect(JSON.stringify([message, problems])).not.toContain(SECRET);
  },
);
