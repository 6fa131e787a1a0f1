/** Configuration files as strangers write them: a configuration, or a `ConfigError`; and no file takes long. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of configurations look like that
import { memory } from '@ebus/memory';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConfigError, PluginError } from '../errors.js';
import { FUZZ_TIMEOUT_MS, INPUTS, prototypeIsClean, spoiledText } from '../testing/fuzz.js';
import { parseObject } from './parse-object.js';
import { parseYaml, YamlError } from './parse-yaml.js';

const FILE = `eventbus:
  type: memory
  serviceName: \${SERVICE:-orders}
  publisher: { publishTimeout: 10s, maxInFlight: 1000, rateLimit: { perSecond: 10 } }
  topics:
    orders: &orders { retention: 7d, partitions: 3 }
    bills: { <<: *orders, compression: gzip }
    - { name: notices, persistenceMode: ephemeral }
  environments:
    test: { topics: {} }
  healthCheck:
    enabled: true
    publisher:
      interval: "2m"
`;
const FILES = [
  FILE,
  FILE.replace(/ {4}- .*\n/, ''),
  '{"type":"memory","serviceName":"orders","topics":{"a":{}}}',
];

/** A file is the work of a millisecond, so a tenth of the other inputs does. */
const FILES_TRIED = Math.ceil(INPUTS / 10);

it('is a configuration or an error that says why not', { timeout: 10 * FUZZ_TIMEOUT_MS }, async () => {
  let read = 0;
  const check = async (text: string) => {
    try {
      const content = await parseYaml(text);
      parseObject(content, { plugins: [memory], env: {} });
      read++;
    } catch (error) {
      const isExpected =
        error instanceof YamlError || ConfigError.isInstance(error) || PluginError.isInstance(error);
      if (!isExpected) throw error;
    }
  };
  await fc.assert(fc.asyncProperty(spoiledText(...FILES), check), { numRuns: FILES_TRIED });
  expect(read).toBeGreaterThan(0);
  expect(prototypeIsClean()).toBe(true);
});
