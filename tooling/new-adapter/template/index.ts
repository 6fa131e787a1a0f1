/** The transport `acme`: `createEventBus({ type: 'acme', acme: { url: '…' } })`. */
import { definePlugin } from '@ebus/core/driver';
import { acmeConfigSchema } from './acme-config.js';
import { AcmeDriver } from './acme-driver.js';

export type { AcmeConfig } from './acme-config.js';

export const acme = definePlugin({
  kind: 'transport',
  name: 'acme',
  config: acmeConfigSchema,
  create: (settings) => new AcmeDriver(settings),
});
