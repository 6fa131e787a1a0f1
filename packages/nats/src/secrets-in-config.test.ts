import { ConfigError, parseConfig } from '@ebus/core';
import { expect, it } from 'vitest';
import { nats } from './index.js';

const SECRET = 'S3cr3tT0kenXYZ';
const refusalOf = async (natsPart: object): Promise<ConfigError> => {
  try {
    await parseConfig({ type: 'nats', serviceName: 's', nats: natsPart }, { plugins: [nats] });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was accepted');
};

it.each([
  `nats://a:1?auth_token=${SECRET}`,
  `nats://a:1/?token=${SECRET}`,
  `nats://a:1/${SECRET}`,
  `tls://a:1#${SECRET}`,
  `nats://${SECRET}@a:1`,
])('a URL with a secret is refused, and not shown: %s', async (url) => {
  const error = await refusalOf({ urls: [url] });
  expect(error.message).toMatch(/nats\.urls\.0: must .*nats\.security/);
  expect(JSON.stringify([error.message, error.problems])).not.toContain(SECRET);
});

it.each([
  ['nkeyFile', 'SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4'],
  ['credFile', `-----BEGIN NATS USER JWT-----\n${SECRET}\n------END NATS USER JWT------`],
  ['credFile', `eyJ0eXAiOiJKV1QifQ.${SECRET}`],
  ['caFile', `-----BEGIN CERTIFICATE-----\\n${SECRET}`],
  ['caFile', `MIIBszCCAVmgAwIBAgIUX4n5QTgMpb1yVVIBQ2DPTE4xXDUwCgYIKoZIzj0EAwI${SECRET}`],
  ['caFile', 'x'.repeat(2_000)],
])('the content of a file in place of its name is refused, and not shown: %s', async (key, content) => {
  const error = await refusalOf({ urls: ['nats://a:1'], security: { enabled: true, [key]: content } });
  expect(error.message).toContain(`nats.security.${key}: looks like the content of a file`);
  expect(JSON.stringify([error.message, error.problems])).not.toContain(content.slice(20, 50));
});
