import { parseConfig } from '@ebus/core';
import { expect, it } from 'vitest';
import { acmeConfigSchema } from './acme-config.js';
import { acme } from './index.js';

it('takes an address', () => {
  expect(acmeConfigSchema.parse({ url: 'acme://localhost:1234' })).toEqual({ url: 'acme://localhost:1234' });
});

it('refuses what it does not know', async () => {
  const config = { type: 'acme', acme: { uri: 'acme://localhost' } };
  await expect(parseConfig(config, { plugins: [acme] })).rejects.toThrow("did you mean 'url'?");
});
