/** What every adapter has to pass. Offer more than `config` as soon as you can: `log`, `broker`, `program`, `leases`. */
import { runConformance } from '@ebus/conformance';
import { describe, it } from 'vitest';
import { acme } from './index.js';

await runConformance(
  { describe, it },
  {
    name: 'acme',
    persistence: 'persistent',
    transport: acme,
    config: { type: 'acme', acme: { url: 'acme://conformance' } },
    // Names that the broker refuses and ebus takes.
    invalidTopics: [],
  },
);
