/** Runs every group of tests against one adapter. */
import { checkOptions, kinds, optionTable, type TransportPlugin } from '@ebus/core/driver';
import { groups } from './groups/index.js';
import type { Harness } from './harness.js';
import { type Offer, reasonToSkip } from './requirements.js';
import type { TestRunner } from './runner.js';
import type { Suite } from './suite.js';
import { Scenario } from './test-kit/scenario.js';

const HARNESS = optionTable<Harness>({
  name: kinds.required(kinds.filledText),
  persistence: kinds.required(kinds.oneOf('persistent', 'ephemeral')),
  transport: kinds.required(kinds.withMethods('a transport', 'create')),
  config: kinds.required(
    kinds.kind('a configuration', (value) => typeof value === 'object' && value !== null),
  ),
  topicOptions: kinds.kind(
    'an object of topic options',
    (value) => typeof value === 'object' && value !== null,
  ),
  patience: kinds.positiveDuration,
});

/**
 * Defines the suite with the runner handed in. Await it at the top level of a test file: it asks the transport for
 * its capabilities on a bus of its own before it defines the tests, and skips by nothing else.
 *
 * Every test has topics, groups and buses of its own, so that test files may share a broker and run in parallel.
 */
export async function runConformance(runner: TestRunner, harness: Harness): Promise<void> {
  checkOptions('runConformance(runner, harness)', harness ?? null, HARNESS);
  const offer = await offerOf(harness);
  runner.describe(`conformance of ${harness.name} (${harness.persistence} topics)`, () => {
    for (const [name, group] of Object.entries(groups)) {
      runner.describe(name, () => group(suiteOf(runner, harness, offer)));
    }
  });
}

async function offerOf(harness: Harness): Promise<Offer> {
  let admin: Offer['admin'];
  let defaultPersistence: Offer['persistence'] = 'persistent';
  const transport: TransportPlugin = {
    ...harness.transport,
    create: async (config: never, context) => {
      const driver = await harness.transport.create(config, context);
      admin = driver.admin;
      defaultPersistence = driver.defaultPersistence;
      return driver;
    },
  };
  const scenario = new Scenario({ ...harness, transport });
  try {
    const bus = await scenario.bus();
    return {
      admin,
      persistence: harness.persistence,
      defaultPersistence,
      capabilities: bus.capabilities(harness.persistence),
      ofDeadLetters: bus.capabilities('persistent'),
    };
  } finally {
    await scenario.end();
  }
}

function suiteOf(runner: TestRunner, harness: Harness, offer: Offer): Suite {
  const testWhere: Suite['testWhere'] = (requirements, title, body) => {
    const reason = reasonToSkip([requirements].flat(), offer);
    const run = () => Scenario.play(harness, body);
    if (reason === undefined) runner.it(title, run);
    else runner.it.skip(`${title} # skipped: ${reason}`, run);
  };
  return { ...offer, testWhere, test: (title, body) => testWhere([], title, body) };
}
