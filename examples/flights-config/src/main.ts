/** `npm run demo -- --config <file>`: on the transport that a configuration file names. */
import { loadConfig } from '@ebus/core';
import { runDemo } from '@ebus/example-flights';
import { kafka } from '@ebus/kafka';
import { memory } from '@ebus/memory';
import { nats } from '@ebus/nats';

const plugins = [memory, nats, kafka];

await runDemo(
  async ({ config: file = '' }) => {
    const config = await loadConfig(file, { plugins });
    return { on: `the transport '${config.type}', as ${file} says`, config, plugins };
  },
  { config: true },
);
